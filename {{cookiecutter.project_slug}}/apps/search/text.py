"""Text functions of the search that need no database."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from django.utils.html import escape

if TYPE_CHECKING:
    from collections.abc import Iterable

# Delimiters of highlighted words. `cleaned` removes them from texts, so that only the database inserts them.
START, STOP = "\x02", "\x03"
# Length of a headline where the database does not cut it.
HEADLINE = 200
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
WORD = re.compile(r"[^\W\d_]{3,30}")
LETTERS = re.compile(r"\w+")
TOKEN = re.compile(r'(-?)(?:"([^"]*)"|([^\s"]+))')
# Email addresses, numbers of phones and customers, links.
PERSONAL = re.compile(r"@|(?:\d[\s./()-]?){5}|://")


def cleaned(text: str, *, length: int) -> str:
    """Remove control characters and cut the text."""
    return CONTROL.sub(" ", text[:length])


def words_of(text: str) -> set[str]:
    return set(WORD.findall(text.casefold()))


def normalized_term(text: str, *, length: int) -> str:
    """Return the term under which a search is counted; empty if it may contain personal data."""
    return "" if PERSONAL.search(text) else " ".join(text.casefold().split())[:length]


def parsed(text: str) -> tuple[list[list[str]], list[str]]:
    """Parse a query like `websearch_to_tsquery`: words, "phrases", `or`, and `-` before excluded ones.

    Returns:
        alternatives, each a list of required words or phrases, and the excluded words and phrases.
    """
    alternatives: list[list[str]] = [[]]
    excluded: list[str] = []
    for minus, phrase, word in TOKEN.findall(text):
        part = phrase or word
        if word.casefold() == "or" and not minus:
            alternatives.append([])
        elif LETTERS.search(part):
            (excluded if minus else alternatives[-1]).append(part)
    return [each for each in alternatives if each], excluded


def normalized(text: str) -> str:
    """Return the query with quoted words: PostgreSQL fails at some repetitions of operators."""
    alternatives, excluded = parsed(text)
    without = [f'-"{word}"' for word in excluded]
    return " or ".join(" ".join([*(f'"{word}"' for word in words), *without]) for words in alternatives)


def highlighted(text: str, words: Iterable[str]) -> str:
    """Return the part of the text from shortly before the first of the words, with all words delimited."""
    wanted = {part for word in words for part in LETTERS.findall(word.casefold())}

    def is_wanted(found: re.Match[str]) -> bool:
        return any(part in found[0].casefold() for part in wanted)

    first = next((found.start() for found in LETTERS.finditer(text) if is_wanted(found)), 0)
    start = max(0, first - HEADLINE // 4)
    return LETTERS.sub(
        lambda found: f"{START}{found[0]}{STOP}" if is_wanted(found) else found[0],
        text[start : start + HEADLINE],
    )


def headline_html(text: str) -> str:
    """Escape a text and mark its delimited words."""
    return escape(text).replace(START, "<mark>").replace(STOP, "</mark>")
