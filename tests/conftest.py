from __future__ import annotations

import shutil
import sys
import tomllib
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest
from baking import ROOT, TREE, Bakery, bare_environment, everything_on, export, lay_over, run
from filelock import FileLock
from servers import PostgreSQL, Redis

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytest_cookies.plugin import Cookies


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """Return the folder shared by all workers of this run."""
    base = tmp_path_factory.getbasetemp()
    return base if worker_id == "master" else base.parent


@pytest.fixture(scope="session", autouse=True)
def temporary_files(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Set a temporary folder that pytest deletes: cookiecutter does not delete rendered hooks."""
    folder = str(tmp_path_factory.mktemp("temporary"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tempfile.tempdir", folder)
        patch.setenv("TMPDIR", folder)
        yield


@pytest.fixture(scope="session")
def template(shared: Path) -> Path:
    """Return a clean copy of this repository."""
    place = shared / "template"
    with FileLock(f"{place}.lock"):
        return place if place.exists() else export(place)


@pytest.fixture(scope="session")
def bake(cookies_session: Cookies, template: Path, shared: Path) -> Bakery:
    shelf = shared / "bakes"
    shelf.mkdir(exist_ok=True)
    return Bakery(cookies_session, template, shelf)


@pytest.fixture(scope="session")
def installed(bake: Bakery, shared: Path) -> Path:
    """Return the default project, moved to a folder with a space in its name and set up with `make setup`."""
    place = shared / "moved here" / "my_api"
    with FileLock(shared / "installed.lock"):
        if not place.exists():
            shutil.copytree(bake(), place)
            run("make", "setup", f"PYTHON={sys.executable}", cwd=place)
    return place


@pytest.fixture(scope="session")
def with_files(bake: Bakery, shared: Path) -> Path:
    """Return the default project with the feature `files`, set up; copy it before changing anything."""
    place = shared / "with files" / "my_api"
    with FileLock(shared / "with_files.lock"):
        if not place.exists():
            shutil.copytree(bake(features="files"), place)
            run("make", "setup", f"PYTHON={sys.executable}", cwd=place)
    return place


@pytest.fixture(scope="session")
def everything(bake: Bakery, shared: Path) -> Path:
    """Return a project with all options, set up; copy it before changing anything."""
    place = shared / "everything" / "my_api"
    with FileLock(shared / "everything.lock"):
        if not place.exists():
            shutil.copytree(bake(**everything_on()), place)
            run("make", "setup", f"PYTHON={sys.executable}", cwd=place)
    return place


@pytest.fixture(scope="session")
def in_place(template: Path, shared: Path) -> Path:
    """Return a copy of the template tree, not rendered."""
    place = shared / "in_place"
    with FileLock(f"{place}.lock"):
        if not place.exists():
            shutil.copytree(template / TREE, place)
    return place


@pytest.fixture(scope="session")
def with_overlay(template: Path, shared: Path) -> Path:
    """Return a copy of the template tree with the tests of the overlay."""
    place = shared / "with_overlay"
    with FileLock(f"{place}.lock"):
        if not place.exists():
            lay_over(shutil.copytree(template / TREE, place))
    return place


@pytest.fixture(scope="session")
def in_place_tools(in_place: Path, shared: Path, environment: dict[str, str]) -> Path:
    """Return the `bin` folder of an environment with the dependencies of the unrendered tree (all options)."""
    place = shared / "in_place_tools"
    with FileLock(f"{place}.lock"):
        if not place.exists():
            project = tomllib.loads((in_place / "pyproject.toml").read_text(encoding="utf-8"))
            asked = [project["project"]["dependencies"], project["dependency-groups"]["development"]]
            asked += [project["dependency-groups"][group] for group in ("test", "production")]
            wanted = [line for lines in asked for line in lines if isinstance(line, str)]
            # The unrendered tree has Django's theme, therefore it runs without this one.
            theme = next(line for line in wanted if line.startswith("django-unfold"))
            wanted[wanted.index(theme)] = f"{theme}; python_version >= '3.12'"
            run("uv", "venv", "--quiet", "--python", sys.executable, place, cwd=shared, env=environment)
            run("uv", "pip", "install", "--quiet", "--python", place, *wanted, cwd=shared, env=environment)
    return place / "bin"


@pytest.fixture(scope="session")
def environment(shared: Path) -> Iterator[dict[str, str]]:
    """Return environment variables with uv on the path, so that variants do not download it."""
    uv = shutil.which("uv") or shutil.which("uv", path=ROOT / ".venv" / "bin")
    assert uv, "run the tests with make"
    tools = shared / "tools"
    tools.mkdir(exist_ok=True)
    with FileLock(f"{tools}.lock"):
        if not (tools / "uv").exists():
            (tools / "uv").symlink_to(uv)
    bare = bare_environment()
    # Paths in the folder of pytest are too long for the Unix sockets of browsers.
    bare.pop("TMPDIR", None)
    # A separate folder: concurrent runs delete old folders of each other. Short for the same reason as above.
    with TemporaryDirectory(ignore_cleanup_errors=True) as temporary:
        yield bare | {"PATH": f"{tools}:{bare['PATH']}", "PYTEST_DEBUG_TEMPROOT": temporary}


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    """Start a PostgreSQL server shared by the tests of this worker, which must not stop it."""
    with PostgreSQL() as server:
        yield server


@pytest.fixture(scope="session")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Redis]:
    """Start a Redis server shared by the tests of this worker, which must not stop it."""
    with Redis(tmp_path_factory.mktemp("redis")) as server:
        yield server
