"""Collects the static files into ./staticfiles, from ./base.py and ./static, without the code of the project.

Compressing them takes half a minute. They change seldom: the image keeps the result while the code changes.
"""

import ast
import shutil
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path


def installed_apps(settings: Path) -> list[str]:
    """The apps that a settings file names.

    Raises:
        LookupError: it names none.
    """
    for node in ast.parse(settings.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "INSTALLED_APPS":
            apps: list[str] = ast.literal_eval(node.value)
            return apps
    raise LookupError(f"{settings} has no INSTALLED_APPS.")


def packages(settings: Path) -> Iterator[Path]:
    """The folders of the installed packages that are apps."""
    for name in installed_apps(settings):
        spec = None if name.startswith("apps.") else find_spec(name)
        yield from map(Path, (spec and spec.submodule_search_locations) or ())


def package_folders(settings: Path) -> Iterator[Path]:
    """The folders with static files of the installed packages that are apps."""
    yield from filter(Path.is_dir, (package / "static" for package in packages(settings)))


def main() -> None:
    import django  # noqa: PLC0415 - what stands above needs no Django
    from django.conf import settings  # noqa: PLC0415
    from django.core.management import call_command  # noqa: PLC0415

    folders = list(package_folders(Path("base.py")))
    settings.configure(
        INSTALLED_APPS=["django.contrib.staticfiles"],
        STATIC_ROOT=Path("staticfiles").absolute(),
        STATIC_URL="static/",
        STATICFILES_DIRS=[Path("static").absolute(), *folders],
        STORAGES={"staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"}},
        WHITENOISE_KEEP_ONLY_HASHED_FILES=True,
    )
    django.setup()
    call_command("collectstatic", interactive=False, verbosity=0)
    # A second copy, and what only the authors of minified files read, would be a sixth of the image.
    for folder in folders:
        shutil.rmtree(folder)
    for source_map in Path("staticfiles").rglob("*.map*"):
        source_map.unlink()


if __name__ == "__main__":
    main()
