"""Edits of Python files by position: everything else in the file keeps its bytes."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from django.core.management import CommandError

if TYPE_CHECKING:
    from collections.abc import Callable


def offset(source: str, line: int, column: int) -> int:
    """Return the index of a position of `ast`: a line from 1, and a column in bytes of UTF-8."""
    lines = source.splitlines(keepends=True)
    return sum(map(len, lines[: line - 1])) + len(lines[line - 1].encode()[:column].decode())


def assigned(source: str, name: str) -> ast.expr:
    """Return the value that a module assigns to a name.

    Raises:
        CommandError: there is no such assignment.
    """
    for node in ast.parse(source).body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        names = [target.id for target in targets if isinstance(target, ast.Name)]
        if name in names and isinstance(node, ast.Assign | ast.AnnAssign) and node.value:
            return node.value
    raise CommandError(f"{name} was not found")


def insert_item(source: str, name: str, code: str, key: str, key_of: Callable[[ast.expr], str | None]) -> str:
    """Insert an element into the list or dictionary assigned to `name`, sorted among the elements with a key.

    Args:
        source: a Python module.
        name: the assigned name.
        code: the new element.
        key: its key.
        key_of: returns the key of an element (for a dictionary, of its key), or None to skip it.

    Raises:
        CommandError: there is no such list, or an element has this key.
    """
    value = assigned(source, name)
    if isinstance(value, ast.Dict):
        starts: list[ast.expr] = [node for node in value.keys if node]
        ends: list[ast.expr] = value.values
    elif isinstance(value, ast.List | ast.Tuple):
        starts = ends = value.elts
    else:
        raise CommandError(f"{name} is not a list")
    found = [(key_of(start), start, end) for start, end in zip(starts, ends, strict=True)]
    if any(other == key for other, _, _ in found):
        raise CommandError(f"{name} contains {key} already")
    known = [each for each in found if each[0] is not None]
    after = [end for other, _, end in known if str(other) < key]
    before = [start for other, start, _ in known if str(other) > key]
    if before:
        at = offset(source, before[0].lineno, before[0].col_offset)
        return f"{source[:at]}{code},\n{source[at:]}"
    last = after[-1] if after else (ends[-1] if ends else None)
    if last is None:
        at = offset(source, value.lineno, value.col_offset) + 1
        return f"{source[:at]}{code}{source[at:]}"
    at = offset(source, last.end_lineno or 0, last.end_col_offset or 0)
    return f"{source[:at]},\n{code}{source[at:]}"


def insert_after(source: str, name: str, line: str) -> str:
    """Insert a line after the assignment to `name`."""
    value = assigned(source, name)
    at = offset(source, value.end_lineno or 0, value.end_col_offset or 0)
    return f"{source[:at]}\n{line}{source[at:]}"


def insert_in_ready(source: str, line: str) -> str:
    """Insert a line at the beginning of the method `ready` of an app configuration, which may be missing."""
    config = next(node for node in ast.parse(source).body if isinstance(node, ast.ClassDef))
    for method in config.body:
        if isinstance(method, ast.FunctionDef) and method.name == "ready":
            at = offset(source, method.body[0].lineno, method.body[0].col_offset)
            return f"{source[:at]}{line}\n        {source[at:]}"
    at = offset(source, config.end_lineno or 0, config.end_col_offset or 0)
    return f"{source[:at]}\n\n    def ready(self) -> None:\n        {line}{source[at:]}"


def text_of(node: ast.expr) -> str | None:
    """Return the value of a string literal."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def first_argument(node: ast.expr) -> str | None:
    """Return the first argument of a call, if it is a string that is not empty."""
    return (text_of(node.args[0]) or None) if isinstance(node, ast.Call) and node.args else None


def insert_in_contract(toml: str, contract: str, module: str) -> str:
    """Add a module to `forbidden_modules` of a contract of import-linter.

    Raises:
        CommandError: there is no such contract.
    """
    start = toml.find(f'name = "{contract}"')
    match = re.compile(r"forbidden_modules = \[").search(toml, max(start, 0))
    if start < 0 or not match:
        raise CommandError(f"pyproject.toml has no contract {contract!r}")
    end = toml.index("]", match.end())
    entries = list(re.compile(r'"([\w.]+)"').finditer(toml, match.end(), end))
    following = next((entry.start() for entry in entries if entry[1] > module), None)
    if following is None:
        following = entries[-1].end() if entries else match.end()
        return f'{toml[:following]}, "{module}"{toml[following:]}'
    return f'{toml[:following]}"{module}",\n  {toml[following:]}'


def add_definitions(source: str, addition: str) -> str:
    """Return a module with the imports and definitions of another one; imports come first.

    The formatter sorts and merges the imports afterwards.
    """
    before, old_body = _split(source)
    new_imports, new_body = _split(addition)
    if not source.strip():
        return f"{new_imports}\n\n{new_body}"
    # The new module's docstring is not taken.
    imports = "\n".join(
        ast.unparse(node) for node in ast.parse(new_imports).body if not isinstance(node, ast.Expr)
    )
    return f"{before}\n{imports}\n\n\n{old_body.rstrip()}\n\n\n{new_body}"


def _split(source: str) -> tuple[str, str]:
    """Split a module: docstring and imports, and the rest. Imports between definitions move to the top."""
    lines = source.splitlines(keepends=True)
    head: list[str] = []
    body = list(lines)
    for index, node in enumerate(ast.parse(source).body):
        is_docstring = index == 0 and isinstance(node, ast.Expr)
        if is_docstring or isinstance(node, ast.Import | ast.ImportFrom):
            for number in range(node.lineno - 1, node.end_lineno or 0):
                head.append(lines[number])
                body[number] = ""
    return "".join(head), "".join(body)
