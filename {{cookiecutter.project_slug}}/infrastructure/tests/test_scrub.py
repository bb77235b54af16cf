import json
from typing import Any

import pytest
from structlog.processors import JSONRenderer

from infrastructure.logging.scrub import redact, scrub_event


def rendered(**event: Any) -> dict[str, Any]:
    """Return the event as rendered to JSON."""
    line = JSONRenderer()(None, "info", scrub_event(None, "info", event))
    read: dict[str, Any] = json.loads(line)
    return read


@pytest.mark.parametrize(
    "name",
    ["password", "new_password", "Authorization", "HTTP_COOKIE", "refresh_token", "client_secret", "email"],
)
def test_redact_replaces_values_of_sensitive_keys(name: str) -> None:
    event = redact(None, "info", {"event": "login", name: "s3cret"})
    assert event == {"event": "login", name: "[redacted]"}


def test_scrub_masks_emails_recursively() -> None:
    exception = [{"exc_value": "first line\nann@example.com", "frames": [{"lineno": 3}]}]
    event = rendered(
        event="CORP\\ann@example.com", exception=exception, by={"bob@example.com": ("x@example.com",)}
    )
    assert event == {
        "event": "CORP\\[redacted]",
        "exception": [{"exc_value": "first line\n[redacted]", "frames": [{"lineno": 3}]}],
        "by": {"[redacted]": ["[redacted]"]},
    }
