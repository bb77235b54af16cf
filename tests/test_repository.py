"""Checks of the files of this repository."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
from baking import ROOT, run, tracked_files

TOOLS = Path(sys.executable).parent
# Written so that the patterns do not match themselves.
REGISTRIES = re.compile(r"py[p]i\.org|python[h]osted\.org|registry\.[n]pmjs|deb\.[d]ebian\.org")
PLACES = re.compile(r"(^|[\s\"'=(:])/(root|home/\w+|work|Users/\w+)/")


def texts() -> list[tuple[str, str]]:
    contents = [(path.as_posix(), (ROOT / path).read_bytes()) for path in tracked_files()]
    return [(name, content.decode("utf-8")) for name, content in contents if b"\0" not in content]


@pytest.mark.parametrize("forbidden", [REGISTRIES, PLACES], ids=["registry host", "local path"])
def test_files_do_not_contain(forbidden: re.Pattern[str]) -> None:
    assert [name for name, text in texts() if forbidden.search(text)] == []


def test_suppressions_name_their_rule() -> None:
    bare = re.compile(r"# no[q]a(?!: [A-Z])|# type: ig[n]ore(?!\[)")
    assert [name for name, text in texts() if bare.search(text)] == []


def test_generated_files_are_not_committed() -> None:
    made = {"uv.lock", ".env", "db.sqlite3", "__pycache__", ".venv"}
    assert [path for path in map(str, tracked_files()) if made & set(Path(path).parts)] == []


def test_workflows_are_valid_and_secure() -> None:
    workflows = sorted((ROOT / ".github" / "workflows").iterdir())
    run(TOOLS / "check-jsonschema", "--builtin-schema", "vendor.github-workflows", *workflows, cwd=ROOT)
    run(TOOLS / "check-jsonschema", "--builtin-schema", "vendor.dependabot", ".github/dependabot.yml", cwd=ROOT)
    run(TOOLS / "zizmor", "--offline", "--persona", "pedantic", ".github", cwd=ROOT)


def test_help_lists_make_targets() -> None:
    printed = run("make", "help", cwd=ROOT)
    assert {"demo", "test", "test-all", "lint"} <= set(printed.split())
