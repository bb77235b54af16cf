"""One list of names: what the code reads, what `.env.example` shows, and what docs/settings.md explains."""

import ast
import re
from collections.abc import Iterator

from config.env import BASE_DIR

READERS = {"env", "require"}
# Read by Django before there are settings, and given to each process by whoever starts it.
BEFORE_SETTINGS = {"DJANGO_SETTINGS_MODULE"}


def names_in_code() -> Iterator[str]:
    files = [BASE_DIR / "gunicorn.conf.py", *BASE_DIR.glob("config/**/*.py"), *BASE_DIR.glob("apps/**/*.py")]
    for file in files:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in READERS:
                yield from (
                    argument.value
                    for argument in node.args
                    if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
                )


def names_in_stacks() -> Iterator[str]:
    """What compose files take from the environment; without containers there are none."""
    for file in BASE_DIR.glob("deploy/compose/*.yml"):
        yield from re.findall(r"(?<!\$)\$\{([A-Z][A-Z0-9_]+)", file.read_text(encoding="utf-8"))


def names_in(file: str, pattern: str) -> list[str]:
    return re.findall(pattern, (BASE_DIR / file).read_text(encoding="utf-8"), flags=re.MULTILINE)


def test_the_example_shows_every_variable_once() -> None:
    shown = names_in(".env.example", r"^(?:# )?([A-Z][A-Z0-9_]+)=")
    assert sorted(shown) == sorted({*names_in_code(), *names_in_stacks()})


def test_the_documentation_explains_every_variable_once() -> None:
    explained = names_in("docs/settings.md", r"^\| `([A-Z][A-Z0-9_]+)` \|")
    assert sorted(explained) == sorted({*names_in_code(), *names_in_stacks(), *BEFORE_SETTINGS})


def test_only_one_module_reads_the_environment() -> None:
    reads = re.compile(r"os\.(environ\b(?!\.setdefault)|getenv)")
    files = [*BASE_DIR.glob("config/**/*.py"), *BASE_DIR.glob("apps/**/*.py")]
    assert [str(file) for file in files if reads.search(file.read_text(encoding="utf-8"))] == []
