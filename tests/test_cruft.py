"""Template updates with cruft; `.env` is not changed."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pytest
from baking import TREE, bare_environment, run

CRUFT = Path(sys.executable).with_name("cruft")
ENVIRONMENT = bare_environment(
    GIT_AUTHOR_NAME="a", GIT_AUTHOR_EMAIL="a@example.com", GIT_COMMITTER_NAME="a", GIT_COMMITTER_EMAIL="a@example.com",
    GIT_CONFIG_GLOBAL="/dev/null", GIT_CONFIG_NOSYSTEM="1",
)  # fmt: skip


def commit(folder: Path, message: str) -> None:
    run("git", "add", "--all", cwd=folder, env=ENVIRONMENT)
    run("git", "commit", "--quiet", "--message", message, cwd=folder, env=ENVIRONMENT)


@pytest.fixture
def repository(template: Path, tmp_path: Path) -> Path:
    """Return a git repository with the template in one commit."""
    place = shutil.copytree(template, tmp_path / "template")
    run("git", "init", "--quiet", cwd=place, env=ENVIRONMENT)
    commit(place, "First release")
    return place


@pytest.fixture
def project(repository: Path, tmp_path: Path) -> Path:
    """Return a committed project that was generated with cruft."""
    run(CRUFT, "create", str(repository), "--no-input", "--default-config", cwd=tmp_path, env=ENVIRONMENT)
    place = tmp_path / "my_api"
    run("git", "init", "--quiet", cwd=place, env=ENVIRONMENT)
    commit(place, "Start")
    return place


def release(repository: Path) -> None:
    """Add a file to the template, change another, and commit."""
    (repository / TREE / "NEWS.md").write_text("# News of {{ cookiecutter.project_slug }}\n", encoding="utf-8")
    with (repository / TREE / "README.md").open("a", encoding="utf-8") as file:
        file.write("\nA new last line.\n")
    commit(repository, "Second release")


def status(project: Path) -> list[str]:
    return run("git", "status", "--porcelain", cwd=project, env=ENVIRONMENT).splitlines()


def test_new_project_is_up_to_date(project: Path) -> None:
    assert (project / ".env").exists()
    assert status(project) == []
    run(CRUFT, "check", cwd=project, env=ENVIRONMENT)
    assert run(CRUFT, "diff", "--exit-code", cwd=project, env=ENVIRONMENT) == ""


def test_update_applies_changes_and_keeps_env_file(project: Path, repository: Path) -> None:
    secret = (project / ".env").read_bytes()
    (project / "README.md").write_text(
        "My own first line.\n\n" + (project / "README.md").read_text(encoding="utf-8"), encoding="utf-8"
    )
    commit(project, "Work")
    release(repository)
    run(CRUFT, "update", "--skip-apply-ask", cwd=project, env=ENVIRONMENT)
    assert sorted(line.split()[-1] for line in status(project)) == [
        ".cornerstone.json",
        ".cruft.json",
        "NEWS.md",
        "README.md",
    ]
    text = (project / "README.md").read_text(encoding="utf-8")
    assert text.startswith("My own first line.")
    assert text.endswith("A new last line.\n")
    assert (project / "NEWS.md").read_text(encoding="utf-8") == "# News of my_api\n"
    assert (project / ".env").read_bytes() == secret
    run(CRUFT, "check", cwd=project, env=ENVIRONMENT)


def test_update_can_change_an_answer(project: Path) -> None:
    answer = json.dumps({"django_version": "6.1", "features": "files"})
    run(CRUFT, "update", "--skip-apply-ask", "--variables-to-update", answer, cwd=project, env=ENVIRONMENT)
    assert '"django~=6.1' in (project / "pyproject.toml").read_text(encoding="utf-8")
    assert (project / "apps" / "files" / "models.py").exists()
    assert list(project.rglob("*.rej")) == []
    assert run(CRUFT, "diff", "--exit-code", cwd=project, env=ENVIRONMENT) == ""
