"""Regular expressions, which must match in linear time (ReDoS)."""

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.env import BASE_DIR
from infrastructure.http import middleware
from infrastructure.logging import scrub
from tests.match_patterns import module_names

FUNCTIONS = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


def match_patterns(*patterns: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tests.match_patterns", *patterns],
        cwd=BASE_DIR,
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "config.settings.testing"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def source_of(module: str) -> Path:
    path = BASE_DIR.joinpath(*module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def calls_of_re(tree: ast.AST) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id="re"))):
                yield node


def test_patterns_take_linear_time() -> None:
    result = match_patterns()
    assert result.returncode == 0, result.stdout[-500:] + result.stderr[-500:]
    matched = set(result.stdout.splitlines())
    assert {repr(p.pattern) for p in (scrub.EMAIL, middleware.REQUEST_ID)} <= matched


@pytest.mark.parametrize("pattern", [r"[\w.+%-]+@[\w-]+(?:\.[\w-]+)+", r"a++b", r"\s+$"])
def test_patterns_that_take_quadratic_time_are_detected(pattern: str) -> None:
    result = match_patterns(pattern)
    assert result.returncode < 0, "not killed"
    assert result.stdout.splitlines() == [repr(pattern)]


def test_patterns_are_module_or_class_attributes() -> None:
    """Forbid patterns that `match_patterns` cannot find; functions of `config` match only the environment."""
    hidden = []
    for module in (name for name in module_names() if not name.startswith("config.")):
        tree = ast.parse(source_of(module).read_text(encoding="utf-8"))
        inner = {
            id(call)
            for function in ast.walk(tree)
            if isinstance(function, FUNCTIONS)
            for call in calls_of_re(function)
        }
        hidden += [
            f"{module}:{call.lineno}"
            for call in calls_of_re(tree)
            if id(call) in inner or not ast.unparse(call.func).endswith((".compile", ".escape"))
        ]
    assert hidden == []
