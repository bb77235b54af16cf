"""CI configuration, commit hooks and tools of a project, as far as they run without a network."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from baking import Answers, Bakery, covering_array, label, run

if TYPE_CHECKING:
    from collections.abc import Iterator

TOOLS = Path(sys.executable).parent
ZIZMOR = Path(__file__).with_name("zizmor.yml")
SCHEMAS = {
    ".github/actions/*/action.yml": "vendor.github-actions",
    ".github/dependabot.yml": "vendor.dependabot",
    ".github/workflows/*.yml": "vendor.github-workflows",
    ".gitlab-ci.yml": "vendor.gitlab-ci",
    ".gitlab/*.yml": "vendor.gitlab-ci",
    "deploy/compose/*.yml": "vendor.compose-spec",
    "renovate.json": "vendor.renovate",
}
PROVIDERS = {
    "github": {
        ".github/CODEOWNERS",
        ".github/dependabot.yml",
        ".github/pull_request_template.md",
        ".github/workflows/ci.yml",
    },
    "gitlab": {
        ".gitlab-ci.yml",
        ".gitlab/CODEOWNERS",
        ".gitlab/merge_request_templates/default.md",
        "renovate.json",
    },
    "none": set[str](),
}
VARIANTS = covering_array(strength=3)
every_variant = pytest.mark.parametrize("answers", VARIANTS, ids=label)
both = pytest.mark.parametrize("provider", ["github", "gitlab"])


def commands(part: Any) -> Iterator[str]:
    """Yield each shell command of a workflow, at any nesting level."""
    if isinstance(part, list):
        for entry in part:
            yield from commands(entry)
    elif isinstance(part, dict):
        for key, value in part.items():
            if key in {"run", "script"}:
                yield from [value] if isinstance(value, str) else value
            else:
                yield from commands(value)


def configurations(project: Path) -> list[Path]:
    patterns = (".github/actions/*/action.yml", ".github/workflows/*.yml", ".gitlab-ci.yml", ".gitlab/*.yml")
    return [file for pattern in patterns for file in sorted(project.glob(pattern))]


def targets(project: Path) -> set[str]:
    """Return the `make` targets that the CI of a project calls."""
    lines = [line for file in configurations(project) for line in commands(yaml.safe_load(file.read_text("utf-8")))]
    assert all("make " in line for line in lines), f"CI calls make and nothing else: {lines}"
    called = [re.search(r"make (?:--\S+ )*([a-z-]+)", line) for line in lines]
    return {match[1] for match in called if match}


@every_variant
def test_configuration_files_are_valid(bake: Bakery, answers: Answers) -> None:
    project = bake(**answers)
    for pattern, schema in SCHEMAS.items():
        if files := sorted(project.glob(pattern)):
            run(TOOLS / "check-jsonschema", "--builtin-schema", schema, *files, cwd=project)
    if (project / ".github").exists():
        run(TOOLS / "zizmor", "--offline", "--strict-collection", "--config", ZIZMOR, ".github", cwd=project)
    if scripts := sorted(project.rglob("*.sh")):
        run(TOOLS / "shellcheck", *scripts, cwd=project)
    for dockerfile in project.rglob("Dockerfile"):
        run(TOOLS / "hadolint", dockerfile, cwd=project)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_project_has_files_of_its_ci_provider_only(bake: Bakery, provider: str) -> None:
    project = bake(ci_provider=provider)
    files = {path for paths in PROVIDERS.values() for path in paths}
    assert {path for path in files if (project / path).exists()} == PROVIDERS[provider]


@both
def test_ci_calls_existing_make_targets(bake: Bakery, provider: str) -> None:
    project = bake(ci_provider=provider)
    called = targets(project)
    assert {"lint", "types", "test", "audit", "secrets", "openapi-diff", "deploy"} <= called
    assert called <= set(run("make", "help", cwd=project).split())


def test_ci_providers_call_the_same_targets(bake: Bakery) -> None:
    # On GitHub, the Python version is read from a target; on GitLab, it is the image.
    assert targets(bake(ci_provider="github")) - {"python-version"} == targets(bake(ci_provider="gitlab"))


@both
def test_ci_builds_image_only_with_containers(bake: Bakery, provider: str) -> None:
    assert {"image", "image-scan", "image-sbom"} <= targets(bake(ci_provider=provider))
    without = bake(ci_provider=provider, deployment="none")
    assert not {target for target in targets(without) if target.startswith("image")}
    assert "image" not in (without / "docs" / "ci.md").read_text("utf-8").split()


@both
def test_ci_uses_selected_python_version(bake: Bakery, provider: str) -> None:
    project = bake(ci_provider=provider, python_version="3.12")
    assert (project / ".python-version").read_text("utf-8") == "3.12\n"
    assert json.loads((project / ".devcontainer/devcontainer.json").read_text("utf-8"))["image"].endswith(":3.12")
    if provider == "github":
        assert run("make", "--silent", "python-version", cwd=project) == "3.12\n"
    else:
        assert yaml.safe_load((project / ".gitlab-ci.yml").read_text("utf-8"))["default"]["image"] == "python:3.12"


@pytest.fixture(scope="module")
def repository(installed: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the default project as a git repository with one commit."""
    place = tmp_path_factory.mktemp("repository") / "my_api"
    shutil.copytree(installed, place, symlinks=True, ignore=shutil.ignore_patterns(".venv", ".git"))
    # A link works: the environment has absolute paths, and its stamp prevents an installation.
    (place / ".venv").symlink_to(installed / ".venv")
    run("git", "init", "--quiet", "--initial-branch", "main", cwd=place)
    commit(place, "Generate")
    return place


def commit(repository: Path, message: str) -> None:
    run("git", "add", "--all", cwd=repository)
    author = ("-c", "user.name=Ada", "-c", "user.email=ada@example.com")
    run("git", *author, "commit", "--quiet", "--message", message, cwd=repository)


def test_commit_hooks_change_nothing_in_new_project(repository: Path) -> None:
    run(repository / ".venv" / "bin" / "pre-commit", "run", "--all-files", cwd=repository)
    assert run("git", "status", "--porcelain", cwd=repository) == ""


@pytest.mark.parametrize("target", ["lock-check", "secrets", "sbom", "python-version"])
def test_ci_targets_pass_in_new_project(repository: Path, target: str) -> None:
    run("make", target, cwd=repository)
    assert run("git", "status", "--porcelain", cwd=repository) == ""


def test_deploy_fails_until_it_is_configured(repository: Path) -> None:
    result = subprocess.run(["make", "deploy"], cwd=repository, check=False, capture_output=True, text=True)
    assert result.returncode != 0
    assert "docs/ci.md" in result.stderr


def test_secret_scan_finds_uncommitted_committed_and_removed_secret(repository: Path) -> None:
    copy = repository.with_name("leaking")
    shutil.copytree(repository, copy, symlinks=True)
    # Concatenated, so that secret scanners do not report this file.
    (copy / "leak.py").write_text('TOKEN = "' + "ghp_" + "NqVwYS81VP7Hb1DX8pPd5khxE3pyIgKpaUnA" + '"\n', "utf-8")
    looks = [secrets(copy)]
    commit(copy, "Leak")
    looks += [secrets(copy)]
    (copy / "leak.py").unlink()
    looks += [secrets(copy)]
    for look in looks:
        assert look.returncode != 0
        assert "leak.py" in look.stdout
        assert "NqVwYS81" not in look.stdout + look.stderr


def test_secret_scan_finds_nothing_in_any_variant(installed: Path, bake: Bakery) -> None:
    projects = [bake(**answers) for answers in VARIANTS]
    options = ("--no-validate", "--no-update-check", "--redact", "--quiet")
    run(installed / ".venv" / "bin" / "kingfisher", "scan", *options, *projects, cwd=installed)


def secrets(repository: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["make", "secrets"], cwd=repository, check=False, capture_output=True, text=True)
