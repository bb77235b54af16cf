"""Default project, set up after it was moved to another folder."""

from __future__ import annotations

import os
import signal
import subprocess
from typing import TYPE_CHECKING

import requests
from baking import Bakery, bare_environment, files_of, run
from servers import eventually, free_port

if TYPE_CHECKING:
    from pathlib import Path


def test_project_passes_smoke_test(installed: Path) -> None:
    run("make", "smoke", cwd=installed)


def test_project_passes_its_own_checks(installed: Path) -> None:
    run("make", "check", cwd=installed)


def test_setup_is_idempotent(installed: Path) -> None:
    before = (installed / ".env").read_bytes()
    run("make", "setup", cwd=installed)
    assert (installed / ".env").read_bytes() == before


def test_run_prints_urls_and_serves_them(installed: Path, tmp_path: Path) -> None:
    port, output = free_port(), tmp_path / "output"
    with output.open("wb") as file:
        process = subprocess.Popen(
            ["make", "run", f"PORT={port}"],
            cwd=installed,
            env=bare_environment(),
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        eventually(lambda: serves(f"http://127.0.0.1:{port}/health/ready/"))
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(30)
    printed = output.read_text(encoding="utf-8")
    assert "Migrating the database\nMy API\n" in printed
    assert f"http://127.0.0.1:{port}/api/docs/\n" in printed


def serves(url: str) -> bool:
    try:
        return requests.get(url, timeout=30).ok
    except requests.ConnectionError:
        return False


def test_help_lists_make_targets(installed: Path) -> None:
    printed = run("make", "help", cwd=installed)
    assert {"setup", "run", "smoke", "test", "check", "audit", "requirements"} <= set(printed.split())


def test_setup_adds_only_the_lock_file(installed: Path, bake: Bakery, tmp_path: Path) -> None:
    env = bare_environment(GIT_DIR=str(tmp_path / "git"), GIT_WORK_TREE=str(installed))
    run("git", "init", "--quiet", cwd=installed, env=env)
    seen = run("git", "ls-files", "-z", "--others", "--exclude-standard", cwd=installed, env=env).split("\0")
    generated = {name for name, _ in files_of(bake())}
    assert set(seen) - generated - {""} == {"uv.lock"}
