"""What a log line may hold."""

import re
from collections.abc import MutableMapping
from typing import Any

# Linear: a match starts at the first character of a word only, and nothing backtracks. What follows an
# address without a space belongs to the match.
ADDRESS = re.compile(r"(?<![\w.+%-])[\w.+%-]++@[\w-]++(?:\.[\w-]++)++(?:[.+%@]++[\w-]++)*+")
# Addresses in errors of other services may carry tokens behind a question mark.
QUERY = re.compile(r"\?[^\s\"'<>]++")
SECRET = re.compile("authorization|cookie|password|secret|token|api_?key|email", re.IGNORECASE)
# Characters of one value. A client chooses the length of its path, its headers, and what errors quote.
MAX_LENGTH = 2_000


def redact(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Blank the values whose names say that nobody should read them; a structlog processor."""
    for key in filter(SECRET.search, event):
        event[key] = "[redacted]"
    return event


def scrub_event(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Scrub every value of an event, at any depth; a structlog processor, the last before the renderer."""
    scrubbed: MutableMapping[str, Any] = _scrub_value(event)
    return scrubbed


def scrub(text: str) -> str:
    """Mask email addresses, which errors of mail servers and databases quote, and shorten the text."""
    if "@" in text:
        text = ADDRESS.sub("[redacted]", text)
    return text if len(text) <= MAX_LENGTH else f"{text[:MAX_LENGTH]}…"


def without_persons(text: str) -> str:
    """The text of an error, for people to read: without e-mail addresses, without queries of URLs."""
    return QUERY.sub("?[redacted]", ADDRESS.sub("[redacted]", text))


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
