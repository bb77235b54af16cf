"""What the image is built from, as far as that can be seen without building it."""

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib.staticfiles.finders import AppDirectoriesFinder

from config.env import BASE_DIR
from tools.collect_static import installed_apps, package_folders
from tools.slim import languages, unused_translations, without_symbols

SETTINGS = BASE_DIR / "config/settings/base.py"
I18N = BASE_DIR / "config/settings/components/i18n.py"


def test_static_files_are_found_where_django_finds_them() -> None:
    named = set(installed_apps(SETTINGS))
    finder = AppDirectoriesFinder(app_names=[app.name for app in apps.get_app_configs() if app.name in named])
    expected = {Path(storage.location) for storage in finder.storages.values()}
    own = set(BASE_DIR.glob("apps/*/static"))
    assert {*package_folders(SETTINGS), *own} == expected


def test_settings_without_apps_are_refused(tmp_path: Path) -> None:
    settings = tmp_path / "base.py"
    settings.write_text("DEBUG = False\n", encoding="utf-8")
    with pytest.raises(LookupError, match="has no INSTALLED_APPS"):
        installed_apps(settings)


def test_translations_into_the_languages_of_the_settings_stay(tmp_path: Path) -> None:
    assert languages(I18N) == {code.partition("-")[0] for code, _ in settings.LANGUAGES} | {"en"}
    for name in ("de", "de_CH", "en", "pt_BR", "zh_Hans"):
        (tmp_path / "locale" / name / "LC_MESSAGES").mkdir(parents=True)
    assert {folder.name for folder in unused_translations(tmp_path, {"en", "de"})} == {"pt_BR", "zh_Hans"}


def test_settings_without_languages_keep_all_translations(tmp_path: Path) -> None:
    (tmp_path / "i18n.py").write_text("USE_TZ = True\n", encoding="utf-8")
    assert languages(tmp_path / "i18n.py") == set()


def test_a_library_without_symbols_can_be_loaded(tmp_path: Path) -> None:
    found = importlib.util.find_spec("hiredis")
    assert found is not None
    assert found.origin is not None
    package = shutil.copytree(Path(found.origin).parent, tmp_path / "hiredis")
    (library,) = [*package.glob("*.so"), *package.glob("*.pyd")]
    whole = library.read_bytes()
    library.write_bytes(without_symbols(whole))
    if sys.platform == "linux":
        assert library.stat().st_size < len(whole)
    code = "import hiredis as h; r = h.Reader(); r.feed(b':1\\r\\n'); print(h.__file__, r.gets())"
    environment = os.environ | {"PYTHONPATH": str(tmp_path)}
    loaded = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    )
    assert loaded.stdout.split() == [str(package / "__init__.py"), "1"]


def test_what_is_no_library_for_linux_is_left_alone() -> None:
    assert without_symbols(b"INPUT(libz.so.1)") == b"INPUT(libz.so.1)"
