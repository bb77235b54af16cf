from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from baking import everything_on
from stack import Stack, missing_engine

if TYPE_CHECKING:
    from collections.abc import Iterator

    from baking import Bakery


@pytest.fixture(scope="session", autouse=True)
def _engine() -> None:
    if reason := missing_engine():
        pytest.skip(f"no container engine answers: {reason}")


@pytest.fixture(scope="session", params=["caddy", "nginx"])
def project(
    request: pytest.FixtureRequest, bake: Bakery, everything: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Return a project with all options for each proxy, with a lock file."""
    answers = everything_on() | {"reverse_proxy": request.param}
    place = shutil.copytree(bake(**answers), tmp_path_factory.mktemp("project") / "my_api")
    shutil.copy(everything / "uv.lock", place)
    if answers["reverse_proxy"] == "caddy":
        use_pinned_caddy(place)
    return place


def use_pinned_caddy(project: Path) -> None:
    """Mount Caddy from this environment, since a cached image `caddy:2` may be too old for the project."""
    compose = project / "deploy/compose/caddy.yml"
    text, folder = compose.read_text(encoding="utf-8"), "- ./caddy:/etc/caddy:ro\n"
    assert folder in text
    mount = f"- {Path(sys.executable).with_name('caddy')}:/usr/bin/caddy:ro\n"
    compose.write_text(text.replace(folder, f"{folder}      {mount}"), encoding="utf-8")


@pytest.fixture(scope="session")
def running(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Start the production stack of a project once for all tests."""
    with Stack(project, tmp_path_factory.mktemp("stack")) as stack:
        stack.up()
        yield stack


@pytest.fixture
def stack(running: Stack) -> Stack:
    """Return the stack with its original settings."""
    running.settle()
    return running
