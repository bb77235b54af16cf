"""Scrubbing of secrets and personal data in logs."""

import re
from collections.abc import MutableMapping
from functools import lru_cache
from typing import Any

# Email addresses. Linear time: a match starts only at the beginning of a word, and possessive quantifiers do
# not backtrack. Text directly after the email is part of the match.
EMAIL = re.compile(r"(?<![\w.+%-])[\w.+%-]++@[\w-]++(?:\.[\w-]++)++(?:[.+%@]++[\w-]++)*+")
# Query strings of URLs, which may contain tokens.
QUERY = re.compile(r"\?[^\s\"'<>]++")
SECRET = re.compile("authorization|cookie|password|secret|token|api_?key|email", re.IGNORECASE)
# Maximum characters per value: clients choose the length of paths, headers and quoted input.
MAX_LENGTH = 2_000


def redact(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Redact values whose keys indicate secrets or emails; a structlog processor."""
    for key in filter(_is_secret, event):
        event[key] = "[redacted]"
    return event


@lru_cache(maxsize=1024)
def _is_secret(key: str) -> bool:
    return SECRET.search(key) is not None


def scrub_event(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Scrub all values of an event recursively; the last structlog processor before the renderer."""
    scrubbed: MutableMapping[str, Any] = _scrub_value(event)
    return scrubbed


def scrub(text: str) -> str:
    """Redact emails, which errors of mail servers and databases quote, and truncate the text."""
    if "@" in text:
        text = EMAIL.sub("[redacted]", text)
    return text if len(text) <= MAX_LENGTH else f"{text[:MAX_LENGTH]}…"


def redact_error(text: str) -> str:
    """Redact emails and URL query strings in an error message."""
    return QUERY.sub("?[redacted]", EMAIL.sub("[redacted]", text))


def _scrub_value(value: Any) -> Any:
    if isinstance(value, str):
        return scrub(value)
    if isinstance(value, dict):
        return {scrub(str(key)): _scrub_value(member) for key, member in value.items()}
    if isinstance(value, list | tuple):
        return [_scrub_value(member) for member in value]
    if value is None or isinstance(value, int | float):
        return value
    return scrub(repr(value))
