"""Checks and tests of every two-way combination of options, installed.

Each variant runs its checks, which find most errors, and its fast tests on PostgreSQL and Redis: a combination of two
options affects settings, imports and middleware, which these tests use. The tests of a feature run in those of its
variants that together have each value of the options that affect it. The overlay and the tests marked `slow`, `browser`
or `process` depend on single options at most. They run in the few variants that together have each value. With Django
6.1, these run their fast tests on SQLite too, as developers do; with Django 5.2, the tree runs there in place.

The template's workers use all processors, therefore each project runs its tests in one process. Variants do not share
data: each has its own PostgreSQL database and starts with an empty Redis. They share the caches of uv and mypy.
"""

from __future__ import annotations

import shutil
from itertools import count
from typing import TYPE_CHECKING

import pytest
from baking import FEATURES, Answers, Bakery, covering_array, factors, label, lay_over, python_for, run, values_of

if TYPE_CHECKING:
    from pathlib import Path

    from servers import PostgreSQL, Redis

pytestmark = pytest.mark.variants
# The license text and the CI provider do not affect code: they are covered by the static checks.
WITHOUT_EFFECT = frozenset({"ci_provider", "license"})


DATABASES = count(1)


@pytest.fixture
def servers(environment: dict[str, str], postgresql: PostgreSQL, redis: Redis) -> dict[str, str]:
    """Return environment variables of an own database and an empty Redis."""
    redis.flush()
    url = postgresql.create_database(f"variant_{next(DATABASES)}")
    return environment | {"DATABASE_URL": url, "REDIS_URL": redis.url}


@pytest.fixture(scope="session")
def alone(environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return environment variables without servers, with a mypy cache shared by all variants."""
    return environment | {"MYPY_CACHE_DIR": str(tmp_path_factory.mktemp("mypy"))}


def covering(variants: list[Answers], options: set[str]) -> list[Answers]:
    """Return few of the variants, in which each value of the options occurs that occurs in all of them."""
    missing = {pair for answers in variants for pair in values_of(answers).items() if pair[0] in options}
    chosen: list[Answers] = []
    while missing:
        chosen.append(max(variants, key=lambda answers: len(missing & values_of(answers).items())))
        missing -= values_of(chosen[-1]).items()
    return chosen


VARIANTS = covering_array(strength=2, without=WITHOUT_EFFECT)
# The storage of uploads has fast tests only.
WHOLE_SUITE = covering(VARIANTS, set(factors()) - {"media_storage"})
# Options that affect the code of features. The storage of uploads affects one of them only.
AFFECTING = {"django_version", "use_celery", "use_channels"}


def covered_elsewhere(answers: Answers) -> list[str]:
    """Return the features of a variant whose tests other variants run."""
    covered = []
    for name in (name for name in FEATURES if values_of(answers)[name]):
        having = [each for each in VARIANTS if values_of(each)[name]]
        options = AFFECTING | ({"media_storage"} if name == "files" else set())
        if answers not in covering(having, options):
            covered.append(name)
    return covered


# One process, and the same order for all, so that only the variant differs.
OPTIONS = "--numprocesses=0 --randomly-seed=1"


@pytest.mark.parametrize("answers", VARIANTS, ids=label)
def test_variant_passes_its_checks_and_tests(
    bake: Bakery, answers: Answers, tmp_path: Path, alone: dict[str, str], servers: dict[str, str]
) -> None:
    project = shutil.copytree(bake(**answers), tmp_path / "project")
    python = f"PYTHON={python_for(project, str(answers['python_version']))}"
    run("make", "setup", python, cwd=project, env=alone)
    run("make", "check", python, cwd=project, env=alone)
    ignored = (
        f"--ignore={place}/{name}" for name in covered_elsewhere(answers) for place in ("apps", "infrastructure")
    )
    options = {"PYTEST_ADDOPTS": " ".join([OPTIONS, *ignored])}
    if answers not in WHOLE_SUITE:
        run("make", "test-fast", python, cwd=project, env=servers | options)
    else:
        if answers["django_version"] != "5.2":
            run("make", "test-fast", python, cwd=project, env=alone | options)
        run("make", "test", python, cwd=lay_over(project), env=servers | options)
    shutil.rmtree(project)
