"""Comments, docstrings and pages of both trees use the terms of the field instead of idioms."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from typing import TYPE_CHECKING

import pytest
from baking import ROOT, tracked_files

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

IDIOM = re.compile(
    r"(?i:\b(?:nobody|somebody|whoever|anybody|anew|meanwhile|mend(?:s|ed)?|away|at once|bears?|(?:is|are) told)\b)"
    # A clause as a subject: "What is sent …", "Who knows …". Questions are fine.
    r"|(?:^|[.:;(] )(?:What|Who|Whatever)\b(?![^.]*\?)"
)
# The word for it is login, or session.
LOG_IN = re.compile(r"(?i)\blog-ins?\b")
PER_10_000_WORDS = 2


def docstrings(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield from (ast.get_docstring(node) or "").splitlines()


def comments(source: str) -> Iterator[str]:
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT and not token.string.startswith("# %"):
            yield token.string.removeprefix("#").strip()


def prose(page: str) -> Iterator[str]:
    """Yield the lines of a page that are not code, without the marks of lists, headings and tables."""
    is_code = False
    for line in page.splitlines():
        if line.startswith("```"):
            is_code = not is_code
        elif not is_code:
            yield re.sub(r"^[#\-|>\s]+", "", line)


def lines_of(path: Path) -> list[str]:
    text = (ROOT / path).read_text(encoding="utf-8")
    if path.suffix == ".md":
        return list(prose(text))
    return [*docstrings(ast.parse(text)), *comments(text)]


@pytest.fixture(scope="module")
def lines() -> dict[str, list[str]]:
    found = [path for path in tracked_files() if path.suffix in {".md", ".py"} and "migrations" not in path.parts]
    return {str(path): lines_of(path) for path in found}


def test_language_has_few_idioms(lines: dict[str, list[str]]) -> None:
    words = sum(len(line.split()) for each in lines.values() for line in each)
    found = [f"{path}: {line}" for path, each in lines.items() for line in each if IDIOM.search(line)]
    assert len(found) <= PER_10_000_WORDS * words / 10_000, "\n".join(found)


def test_language_has_one_word_for_login(lines: dict[str, list[str]]) -> None:
    assert [f"{path}: {line}" for path, each in lines.items() for line in each if LOG_IN.search(line)] == []
