"""What a log line may hold."""

from collections.abc import MutableMapping
from typing import Any

SECRETS = ("authorization", "cookie", "password", "secret", "token", "api_key", "email")


def redact(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Blank the values whose names say that nobody should read them; a structlog processor."""
    for key in event:
        if any(secret in key.lower() for secret in SECRETS):
            event[key] = "[redacted]"
    return event
