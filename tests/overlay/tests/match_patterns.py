"""Script that matches regular expressions against long hostile texts: match_patterns.py [PATTERN]

Without an argument, it checks all patterns of the project. It runs as a separate process, because a slow
match only stops if its process is killed.
"""

import importlib
import pkgutil
import re
import signal
import string
import sys
from collections.abc import Iterator
from functools import partial
from importlib.util import find_spec
from types import ModuleType
from typing import Any

import django

import apps
import config
import infrastructure

LENGTH = 100_000
HALF = "a" * (LENGTH // 2)
# CPU time limit per text: linear matching takes milliseconds, quadratic matching at least three seconds.
SECONDS = 1.0


def module_names() -> Iterator[str]:
    """Yield the modules used in requests: no tests, no migrations, no settings of other environments."""
    for package in (apps, config, infrastructure):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            folders = set(found.name.split(".")[:-1])
            # Unfold needs Python 3.12; its module is only imported with that theme.
            needs_unfold = found.name.endswith(".unfold") and not find_spec("unfold")
            if not {"tests", "migrations", "settings"} & folders and not needs_unfold:
                yield found.name


def patterns_of(value: Any, depth: int = 3) -> Iterator[re.Pattern[Any]]:
    """Yield the patterns in a module, class or container, up to some depth."""
    if isinstance(value, re.Pattern):
        yield value
        return
    members: Any = ()
    if isinstance(value, ModuleType | type):
        members = [member for member in vars(value).values() if not isinstance(member, ModuleType)]
    elif isinstance(value, dict):
        members = value.values()
    elif isinstance(value, list | tuple | set | frozenset):
        members = value
    for member in members if depth else ():
        yield from patterns_of(member, depth - 1)


def texts(pattern: str) -> Iterator[str]:
    """Yield runs of the characters of a pattern, alone and between others, and near matches."""
    for character in sorted({*pattern, *"a1 .@'\"\n\0é"}):
        yield character * LENGTH + "!"
        yield f"a{character}" * (LENGTH // 2)
        yield HALF + character + HALF
    for word in re.findall(r"\w{2,}", pattern):
        yield word * (LENGTH // len(word))
        yield word[:-1] * (LENGTH // len(word))
    yield from (f"{HALF}@{HALF}.", f"{HALF}@a.", "1" * LENGTH + "a", "'" * (LENGTH + 1))
    yield string.printable * (LENGTH // len(string.printable))


def match(pattern: re.Pattern[Any]) -> None:
    """Match one pattern against every text; the process is killed at the time limit."""
    sys.stdout.write(f"{pattern.pattern!r}\n")
    sys.stdout.flush()
    binary = isinstance(pattern.pattern, bytes)
    for text in texts(str(pattern.pattern)):
        subject: Any = text.encode() if binary else text
        # `sub` searches from every position.
        for method in (pattern.fullmatch, partial(pattern.sub, pattern.pattern[:0])):
            signal.setitimer(signal.ITIMER_VIRTUAL, SECONDS)
            method(subject)
    signal.setitimer(signal.ITIMER_VIRTUAL, 0)


def patterns() -> set[re.Pattern[Any]]:
    """Return all patterns of the project."""
    django.setup()
    return {pattern for name in module_names() for pattern in patterns_of(importlib.import_module(name))}


def main() -> None:
    for pattern in {re.compile(argument) for argument in sys.argv[1:]} or patterns():
        match(pattern)


if __name__ == "__main__":
    main()
