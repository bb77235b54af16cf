"""What a log line may hold."""

import re
from collections.abc import MutableMapping
from typing import Any

SECRET = re.compile("authorization|cookie|password|secret|token|api_?key|email", re.IGNORECASE)


def redact(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Blank the values whose names say that nobody should read them; a structlog processor."""
    for key in filter(SECRET.search, event):
        event[key] = "[redacted]"
    return event
