"""Environment variables: consistent between code, `.env.example` and docs/settings.md."""

import ast
import re
import runpy
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from config.env import BASE_DIR, Variable, env
from tests.production import REQUIRED

SOURCES = [file for room in ("config", "apps", "infrastructure") for file in BASE_DIR.glob(f"{room}/**/*.py")]

READERS = {"boolean", "choice", "fraction", "integer", "parsed", "path", "require", "text", "texts"}
# Read by Django before the settings are loaded, and set in the environment of each process.
BEFORE_SETTINGS = {"DJANGO_SETTINGS_MODULE"}
COMPONENTS = [
    *sorted((BASE_DIR / "config/settings/components").glob("[!_]*.py")),
    BASE_DIR / "config/settings/base.py",
    BASE_DIR / "gunicorn.conf.py",
]
# Defaults that mean "not set".
NOT_SET: tuple[Any, ...] = ("", [], {}, 0)


@cache
def calls_in_code() -> list[tuple[str, ast.Call]]:
    """Return the names of variables with the calls that read them."""
    return list(_calls_in_code())


def _calls_in_code() -> Iterator[tuple[str, ast.Call]]:
    for file in [BASE_DIR / "gunicorn.conf.py", *SOURCES]:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            match node:
                case (
                    ast.Call(func=ast.Name("env"))
                    | ast.Call(func=ast.Attribute(value=ast.Name("env"), attr="require"))
                ):
                    found = node.args
                case ast.Call(func=ast.Attribute(value=ast.Name("env"), attr=attribute)) if (
                    attribute in READERS
                ):
                    found = node.args[:1]
                case _:
                    continue
            for argument in found:
                if isinstance(argument, ast.Constant) and re.fullmatch(
                    "[A-Z][A-Z0-9_]+", str(argument.value)
                ):
                    yield str(argument.value), node


def names_in_code() -> set[str]:
    return {name for name, _ in calls_in_code()}


def names_in_stacks() -> Iterator[str]:
    """Yield the variables in compose files; projects without containers have none."""
    for file in BASE_DIR.glob("deploy/compose/*.yml"):
        yield from re.findall(r"(?<!\$)\$\{([A-Z][A-Z0-9_]+)", file.read_text(encoding="utf-8"))


def rows_in(file: str, pattern: str) -> list[Any]:
    return re.findall(pattern, (BASE_DIR / file).read_text(encoding="utf-8"), flags=re.MULTILINE)


@pytest.fixture(scope="module")
def declared() -> dict[str, Variable]:
    """Return the declarations of all settings components, including those unused in tests."""
    for file in COMPONENTS:
        if file.stem != "base":
            runpy.run_path(str(file))
    assert env.faults == {}
    return env.declared


def test_example_lists_every_variable_once() -> None:
    shown = rows_in(".env.example", r"^(?:# )?([A-Z][A-Z0-9_]+)=")
    assert sorted(shown) == sorted({*names_in_code(), *names_in_stacks()})


def test_documentation_lists_every_variable_once() -> None:
    explained = rows_in("docs/settings.md", r"^\| `([A-Z][A-Z0-9_]+)` \|")
    assert sorted(explained) == sorted({*names_in_code(), *names_in_stacks(), *BEFORE_SETTINGS})


def test_environment_is_read_by_one_module() -> None:
    reads = re.compile(r"os\.(environ\b(?!\.setdefault|\.update)|getenv)")
    files = SOURCES
    found = [file for file in files if reads.search(file.read_text(encoding="utf-8"))]
    assert found == [BASE_DIR / "config/env.py"]


def test_declarations_of_a_variable_are_equal() -> None:
    declarations: dict[str, set[str]] = {}
    for name, call in calls_in_code():
        if not (isinstance(call.func, ast.Attribute) and call.func.attr == "require"):
            declarations.setdefault(name, set()).add(ast.unparse(call))
    assert {name: found for name, found in declarations.items() if len(found) > 1} == {}


def test_declarations_include_all_names_in_the_code(declared: dict[str, Variable]) -> None:
    assert declared.keys() >= names_in_code()


def test_example_shows_defaults_or_valid_values(declared: dict[str, Variable]) -> None:
    for name, value in rows_in(".env.example", r"^(?:# )?([A-Z][A-Z0-9_]+)=(.+)"):
        # Placeholders are rendered when a project is generated.
        if name in declared and "{{" not in value:
            variable = declared[name]
            # Project-specific values.
            if name in {"DATABASE_URL", "DEFAULT_FROM_EMAIL"}:
                assert variable.parse(value)
                continue
            assert variable.parse(value) == variable.default or variable.default in NOT_SET, name


def test_documentation_matches_declared_defaults(declared: dict[str, Variable]) -> None:
    for name, default in rows_in("docs/settings.md", r"^\| `([A-Z][A-Z0-9_]+)` \| ([^|]+) \|"):
        if name not in declared:
            continue
        if value := re.match("`([^`]+)`", default):
            assert declared[name].parse(value[1]) == declared[name].default, name
        elif default.startswith("none"):
            assert declared[name].default in NOT_SET, name


def test_documentation_marks_required_variables() -> None:
    required = rows_in("docs/settings.md", r"^\| `([A-Z][A-Z0-9_]+)` \|.*\| yes \|$")
    assert {*required} >= REQUIRED.keys() - {"EMAIL_HOST", "AZURE_ACCOUNT_NAME"}


def test_passwords_and_keys_are_declared_as_secrets(declared: dict[str, Variable]) -> None:
    secret = re.compile("PASSWORD|SECRET|KEY|DSN|CONNECTION|HEADERS|DATABASE.*URL|REDIS_URL|BROKER_URL")
    found = {name for name in declared if secret.search(name)}
    assert {name for name in found if not declared[name].secret} == set()
