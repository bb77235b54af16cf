from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from baking import everything_on
from stack import Stack, missing_engine

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from baking import Bakery


@pytest.fixture(scope="session", autouse=True)
def _engine() -> None:
    if reason := missing_engine():
        pytest.skip(f"no container engine answers: {reason}")


@pytest.fixture(scope="session", params=["caddy", "nginx"])
def project(
    request: pytest.FixtureRequest, bake: Bakery, everything: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Return a project with every option on behind each proxy, with its lock file."""
    answers = everything_on() | {"reverse_proxy": request.param}
    place = shutil.copytree(bake(**answers), tmp_path_factory.mktemp("project") / "my_api")
    shutil.copy(everything / "uv.lock", place)
    return place


@pytest.fixture(scope="session")
def running(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Start the production stack of a project, once for all tests."""
    with Stack(project, tmp_path_factory.mktemp("stack")) as stack:
        stack.up()
        yield stack


@pytest.fixture
def stack(running: Stack) -> Stack:
    """Return the stack, with the settings that it was started with."""
    running.settle()
    return running
