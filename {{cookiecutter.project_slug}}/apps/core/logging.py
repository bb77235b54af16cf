"""What a log line may hold."""

import re
from collections.abc import MutableMapping
from typing import Any

ADDRESS = re.compile(r"[\w.+%-]+@[\w-]+(?:\.[\w-]+)+")
# Addresses in errors of other services may carry tokens behind a question mark.
QUERY = re.compile(r"\?[^\s\"'<>]+")
SECRET = re.compile("authorization|cookie|password|secret|token|api_?key|email", re.IGNORECASE)


def redact(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Blank the values whose names say that nobody should read them; a structlog processor."""
    for key in filter(SECRET.search, event):
        event[key] = "[redacted]"
    return event


def mask_addresses(_logger: Any, _method: str, line: str) -> str:
    """Blank the e-mail addresses in a rendered line: errors of mail servers and databases quote them."""
    return ADDRESS.sub("[redacted]", line)


def without_persons(text: str) -> str:
    """The text of an error, for people to read: without e-mail addresses, without queries of URLs."""
    return QUERY.sub("?[redacted]", ADDRESS.sub("[redacted]", text))
