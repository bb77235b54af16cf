"""Tests of the release notes."""

from __future__ import annotations

import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from baking import ROOT

if TYPE_CHECKING:
    from pathlib import Path

CHANGELOG = """# Changelog

## Unreleased

### Added

- Something new.

## 1.2.0 - 2026-12-24

### Added

- `make app`.

### By hand

- Rename `A` to `B`.

## 1.1.0 - 2026-12-01

- Older.
"""


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Return a folder with the script, a changelog and the version 1.2.0."""
    (tmp_path / ".github").mkdir()
    shutil.copy(ROOT / ".github" / "release_notes.py", tmp_path / ".github")
    (tmp_path / "CHANGELOG.md").write_text(CHANGELOG, encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text('[project]\nversion = "1.2.0"\n', encoding="utf-8")
    return tmp_path


def release_notes(folder: Path, tag: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(folder / ".github" / "release_notes.py"), tag]
    return subprocess.run(command, capture_output=True, encoding="utf-8", check=False)


def test_release_notes_are_the_section_of_the_tag(repository: Path) -> None:
    printed = release_notes(repository, "v1.2.0")
    assert printed.returncode == 0
    assert printed.stdout == "### Added\n\n- `make app`.\n\n### By hand\n\n- Rename `A` to `B`.\n"


def test_release_notes_refuse_a_tag_of_another_version(repository: Path) -> None:
    printed = release_notes(repository, "v1.1.0")
    assert printed.returncode == 1
    assert printed.stderr == "The tag is v1.1.0, but the version in pyproject.toml is 1.2.0.\n"
    assert printed.stdout == ""


@pytest.mark.parametrize(
    "changelog",
    [
        CHANGELOG.replace(" - 2026-12-24", ""),
        CHANGELOG.replace("## 1.2.0", "## 1x2.0"),
        "# Changelog\n\n## 1.2.0 - 2026-12-24\n",
    ],
    ids=["no date", "other version", "empty"],
)
def test_release_notes_need_a_dated_section(repository: Path, changelog: str) -> None:
    (repository / "CHANGELOG.md").write_text(changelog, encoding="utf-8")
    printed = release_notes(repository, "v1.2.0")
    assert printed.returncode == 1
    assert printed.stderr == 'CHANGELOG.md has no section "## 1.2.0 - YYYY-MM-DD".\n'


def test_release_notes_exist_for_the_current_version() -> None:
    version = next(
        line.split('"')[1]
        for line in (ROOT / "pyproject.toml").read_text(encoding="utf-8").splitlines()
        if line.startswith("version = ")
    )
    assert release_notes(ROOT, f"v{version}").returncode == 0
