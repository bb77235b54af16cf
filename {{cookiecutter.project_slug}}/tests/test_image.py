"""What the image is built from, as far as that can be seen without building it."""

from pathlib import Path

import pytest
from django.apps import apps
from django.contrib.staticfiles.finders import AppDirectoriesFinder

from config.env import BASE_DIR
from tools.collect_static import installed_apps, package_folders

SETTINGS = BASE_DIR / "config/settings/base.py"


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
