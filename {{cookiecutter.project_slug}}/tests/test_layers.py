"""Rules of layers that import-linter cannot express: services and selectors know no HTTP."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.env import BASE_DIR

MODULES = sorted(
    path
    for pattern in ("selectors.py", "services.py", "selectors/*.py", "services/*.py")
    for root in ("apps", "infrastructure")
    for path in (BASE_DIR / root).glob(f"*/{pattern}")
)
HTTP_MODULES = ("django.http", "django.shortcuts", "django.urls", "rest_framework")


def uses_of_http(source: str) -> Iterator[str]:
    """Return the imports of HTTP modules, and the parameters with a request."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom):
            imported = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            imported = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        yield from (name for name in imported if name.startswith(HTTP_MODULES))
        if isinstance(node, ast.arg) and node.arg == "request":
            yield "request"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(BASE_DIR)))
def test_service_or_selector_knows_no_http(path: Path) -> None:
    assert list(uses_of_http(path.read_text(encoding="utf-8"))) == []
