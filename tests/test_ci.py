"""What a project's CI, its commit hooks and its own tools do, as far as they run without a network."""

from __future__ import annotations

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
    "github": {".github/dependabot.yml", ".github/workflows/ci.yml"},
    "gitlab": {".gitlab-ci.yml", "renovate.json"},
    "none": set[str](),
}
VARIANTS = covering_array(strength=3)
every_variant = pytest.mark.parametrize("answers", VARIANTS, ids=label)
both = pytest.mark.parametrize("provider", ["github", "gitlab"])


def commands(part: Any) -> Iterator[str]:
    """Yield each shell command of a workflow, however deep it stands."""
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
    """Return the targets of `make` that the project's CI calls."""
    lines = [line for file in configurations(project) for line in commands(yaml.safe_load(file.read_text("utf-8")))]
    assert all("make " in line for line in lines), f"CI calls make and nothing else: {lines}"
    called = [re.search(r"make (?:--\S+ )*([a-z-]+)", line) for line in lines]
    return {match[1] for match in called if match}


@every_variant
def test_its_files_are_valid(bake: Bakery, answers: Answers) -> None:
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
def test_it_has_the_files_of_its_provider_alone(bake: Bakery, provider: str) -> None:
    project = bake(ci_provider=provider)
    files = {path for paths in PROVIDERS.values() for path in paths}
    assert {path for path in files if (project / path).exists()} == PROVIDERS[provider]


@both
def test_it_calls_targets_that_the_makefile_has(bake: Bakery, provider: str) -> None:
    project = bake(ci_provider=provider)
    called = targets(project)
    assert {"lint", "types", "test", "audit", "secrets", "openapi-diff", "deploy"} <= called
    assert called <= set(run("make", "help", cwd=project).split())


def test_both_providers_call_the_same_targets(bake: Bakery) -> None:
    # The Python of GitHub's runner is asked for; GitLab's is the image.
    assert targets(bake(ci_provider="github")) - {"python-version"} == targets(bake(ci_provider="gitlab"))


@both
def test_only_what_has_containers_builds_an_image(bake: Bakery, provider: str) -> None:
    assert {"image", "image-scan", "image-sbom"} <= targets(bake(ci_provider=provider))
    without = bake(ci_provider=provider, deployment="none")
    assert not {target for target in targets(without) if target.startswith("image")}
    assert "image" not in (without / "docs" / "ci.md").read_text("utf-8").split()


@both
def test_they_run_on_the_python_that_was_chosen(bake: Bakery, provider: str) -> None:
    project = bake(ci_provider=provider, python_version="3.12")
    if provider == "github":
        assert run("make", "--silent", "python-version", cwd=project) == "3.12\n"
    else:
        assert yaml.safe_load((project / ".gitlab-ci.yml").read_text("utf-8"))["default"]["image"] == "python:3.12"


@pytest.fixture(scope="module")
def repository(installed: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the default project as its owner has it after the first commit."""
    place = tmp_path_factory.mktemp("repository") / "my_api"
    shutil.copytree(installed, place, symlinks=True, ignore=shutil.ignore_patterns(".venv", ".git"))
    # The environment knows where it is; its stamp says that nothing has to be installed.
    (place / ".venv").symlink_to(installed / ".venv")
    run("git", "init", "--quiet", "--initial-branch", "main", cwd=place)
    commit(place, "Generate")
    return place


def commit(repository: Path, message: str) -> None:
    run("git", "add", "--all", cwd=repository)
    author = ("-c", "user.name=Ada", "-c", "user.email=ada@example.com")
    run("git", *author, "commit", "--quiet", "--message", message, cwd=repository)


def test_the_hooks_change_nothing_of_a_fresh_project(repository: Path) -> None:
    run(repository / ".venv" / "bin" / "pre-commit", "run", "--all-files", cwd=repository)
    assert run("git", "status", "--porcelain", cwd=repository) == ""


@pytest.mark.parametrize("target", ["lock-check", "secrets", "sbom", "python-version"])
def test_what_ci_calls_passes_in_a_fresh_project(repository: Path, target: str) -> None:
    run("make", target, cwd=repository)
    assert run("git", "status", "--porcelain", cwd=repository) == ""


def test_nothing_is_deployed_before_somebody_says_how(repository: Path) -> None:
    result = subprocess.run(["make", "deploy"], cwd=repository, check=False, capture_output=True, text=True)
    assert result.returncode != 0
    assert "docs/ci.md" in result.stderr


def test_a_secret_is_found_before_and_after_it_is_committed_and_removed(repository: Path) -> None:
    copy = repository.with_name("leaking")
    shutil.copytree(repository, copy, symlinks=True)
    # Put together here, so that no scanner finds this file.
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


def test_nothing_in_any_variant_looks_like_a_secret(installed: Path, bake: Bakery) -> None:
    projects = [bake(**answers) for answers in VARIANTS]
    options = ("--no-validate", "--no-update-check", "--redact", "--quiet")
    run(installed / ".venv" / "bin" / "kingfisher", "scan", *options, *projects, cwd=installed)


def secrets(repository: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["make", "secrets"], cwd=repository, check=False, capture_output=True, text=True)
