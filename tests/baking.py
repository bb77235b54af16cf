"""Helpers for the template: source files, options, combinations and generation of projects."""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import shutil
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from cookiecutter.generate import generate_context
from cookiecutter.prompt import prompt_for_config
from covertable import make
from filelock import FileLock
from pre_gen_project import faults

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_cookies.plugin import Cookies

ROOT = Path(__file__).resolve().parent.parent
TREE = "{{cookiecutter.project_slug}}"
# Tests of what a team does not change, by their path in a generated project.
OVERLAY = ROOT / "tests" / "overlay"
DEFINITION: dict[str, Any] = json.loads((ROOT / "cookiecutter.json").read_text(encoding="utf-8"))
PROMPTS = [key for key in DEFINITION if not key.startswith("_")]
FEATURES: list[str] = list(DEFINITION["_features"])

Answer = str | bool
Answers = dict[str, Answer]


def tracked_files(folder: Path = ROOT) -> Iterator[Path]:
    """Yield the files under `folder` that are in git or would be after `git add`, relative to it."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listing = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout
    for name in sorted(set(listing.split("\0")) - {""}):
        if (folder / name).is_file():
            yield Path(name)


def export(target: Path, folder: Path = ROOT) -> Path:
    """Copy the tracked or trackable files of `folder` to `target`, without caches and databases."""
    for path in tracked_files(folder):
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(folder / path, target / path)
    return target


def lay_over(project: Path) -> Path:
    """Add the tests of the overlay to a project, except those of apps and packages that it does not have."""
    for path in tracked_files(OVERLAY):
        target = project / path
        tested = path.parts[: path.parts.index("tests")]
        if project.joinpath(*tested).is_dir():
            assert not target.exists(), f"{path} is in the project and in the overlay"
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(OVERLAY / path, target)
    return project


def options() -> dict[str, list[Answer]]:
    """Return the choices of each prompt with a fixed set of values, the default first."""
    found: dict[str, list[Answer]] = {}
    for key in PROMPTS:
        if isinstance(DEFINITION[key], list):
            found[key] = DEFINITION[key]
        elif isinstance(DEFINITION[key], bool):
            found[key] = [DEFINITION[key], not DEFINITION[key]]
    return found


def factors() -> dict[str, list[Answer]]:
    """Return the factors of the covering arrays: options with their values, features off and on."""
    return options() | {name: [False, True] for name in FEATURES}


def answers_of(row: Answers) -> Answers:
    """Return the answers for factor values."""
    features = " ".join(name for name in FEATURES if row.get(name))
    return {key: value for key, value in row.items() if key not in FEATURES} | {"features": features or "none"}


def values_of(answers: Answers) -> Answers:
    """Return the factor values of `answers`."""
    features = str(answers["features"]).split()
    chosen = {name: name in features for name in FEATURES}
    return {key: value for key, value in answers.items() if key != "features"} | chosen


def context_of(answers: Answers) -> dict[str, Any]:
    """Return the context of cookiecutter for `answers` and defaults."""
    context = generate_context(str(ROOT / "cookiecutter.json"), extra_context=answers)
    return dict(prompt_for_config(context, no_input=True))


def everything_on() -> Answers:
    """Return answers that enable all yes/no options and all features."""
    return {key: True for key in PROMPTS if isinstance(DEFINITION[key], bool)} | {"features": "all"}


@cache
def covering_array(strength: int, *, without: frozenset[str] = frozenset()) -> list[Answers]:
    """Return sets of answers that cover each combination of `strength` factors, except rejected pairs.

    Args:
        strength: the number of combined factors.
        without: options that keep their defaults.
    """
    combined = {key: values for key, values in factors().items() if key not in without}
    constraints = [
        {"operator": "or", "conditions": [{"operator": "ne", "left": key, "value": value} for key, value in pair]}
        for pair in refused_pairs()
    ]
    rows = make(combined, strength=min(strength, len(combined)), constraints=constraints)
    return sorted((answers_of({key: row[key] for key in combined}) for row in rows), key=str)


@cache
def refused_pairs() -> list[tuple[tuple[str, Answer], ...]]:
    """Return the pairs of values that the hook rejects."""
    single = [[(key, value) for value in values] for key, values in factors().items()]
    pairs = (itertools.product(one, other) for one, other in itertools.combinations(single, 2))
    return [pair for pair in itertools.chain(*pairs) if is_refused(dict(pair))]


def is_refused(values: Answers) -> bool:
    """Return whether the hook rejects factor values, with all other yes/no options enabled."""
    return any(faults(default_context() | everything_on() | answers_of(values)))


@cache
def default_context() -> dict[str, Any]:
    """Return the context of cookiecutter for the defaults."""
    return context_of({})


def label(answers: Answers) -> str:
    """Return a test ID for a variant."""
    return "-".join(str(value).replace(" ", "+") for value in answers.values())


def files_of(project: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the files of a project with their content, except `.env`, which is random."""
    for path in sorted(project.rglob("*")):
        name = path.relative_to(project).as_posix()
        if path.is_file() and name != ".env":
            yield name, path.read_bytes()


def texts_of(project: Path) -> Iterator[tuple[str, str]]:
    """Yield the text files of a project with their content."""
    for name, content in files_of(project):
        if b"\0" not in content:
            yield name, content.decode("utf-8")


class Bakery:
    """Cache of generated projects: each set of answers is generated once per run, for all workers."""

    def __init__(self, cookies: Cookies, template: Path, shelf: Path) -> None:
        self.cookies = cookies
        self.template = template
        self.shelf = shelf

    def __call__(self, **answers: Answer) -> Path:
        """Return a shared project generated with `answers`; copy it before changing anything."""
        assert answers.keys() <= set(PROMPTS), f"unknown: {answers.keys() - set(PROMPTS)}"
        place = self.shelf / hashlib.sha256(json.dumps(answers, sort_keys=True).encode()).hexdigest()[:16]
        with FileLock(f"{place}.lock"):
            if not place.exists():
                result = self.cookies.bake(extra_context=answers, template=str(self.template))
                if result.exception is not None:
                    raise result.exception
                assert result.exit_code == 0
                shutil.move(result.project_path.parent, place)
        return next(place.iterdir())


def bare_environment(**extra: str) -> dict[str, str]:
    """Return the environment without variables of the test run and of the developer's shell."""
    ours = (
        "AWS_",
        "AZURE_",
        "CELERY_",
        "COOKIECUTTER",
        "COV",
        "DATABASE",
        "DJANGO",
        "GIT_",
        "GS_",
        "MAKE",
        "MFLAGS",
        "MQTT_",
        "OTEL_",
        "PYTEST",
        "PYTHON",
        "REDIS",
        "SECRET",
        "SENTRY_",
        "SHOP_",
        "STRIPE_",
    )
    kept = {name: value for name, value in os.environ.items() if not name.startswith((*ours, "VIRTUAL_ENV"))}
    here = str(ROOT / ".venv" / "bin")
    kept["PATH"] = os.pathsep.join(part for part in kept["PATH"].split(os.pathsep) if part != here)
    return kept | extra


def run(*command: str | Path, cwd: Path, env: dict[str, str] | None = None, typed: str = "") -> str:
    """Run a command that must succeed, and return its stdout."""
    result = subprocess.run(
        command, cwd=cwd, env=env or bare_environment(), input=typed, check=False, capture_output=True, encoding="utf-8"
    )
    assert result.returncode == 0, f"{' '.join(map(str, command))}\n{result.stdout}\n{result.stderr}"
    return result.stdout


@cache
def interpreter(version: str) -> str | None:
    """Return the path of Python `version` on this machine, also if installed by pyenv."""
    managed = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"), "versions")
    found = [shutil.which(f"python{version}"), *map(str, sorted(managed.glob(f"{version}.*/bin/python"), reverse=True))]
    for candidate in filter(None, found):
        # The shims of pyenv exist for each version, but fail if the version is not active.
        asked = [candidate, "-c", "import sys; print('%d.%d' % sys.version_info[:2], sys.executable)"]
        answer = subprocess.run(
            asked, check=False, capture_output=True, text=True, env=bare_environment()
        ).stdout.split()
        if answer[:1] == [version]:
            return answer[1]
    return None


def python_for(project: Path, wanted: str) -> str:
    """Return the wanted Python for `project`, or the current one if it is new enough."""
    metadata = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))
    floor = metadata["project"]["requires-python"].removeprefix(">=")
    if found := interpreter(wanted):
        return found
    if sys.version_info[:2] >= tuple(map(int, floor.split("."))):
        return sys.executable
    pytest.skip(f"needs Python {floor}, and this machine has neither {wanted} nor a newer one")
