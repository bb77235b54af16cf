"""Redaction of every form of email address and value."""

import json
from typing import Any
from uuid import UUID

import pytest
from structlog.processors import JSONRenderer

from infrastructure.logging.scrub import MAX_LENGTH, redact, redact_error, scrub, scrub_event


def rendered(**event: Any) -> dict[str, Any]:
    """Return the event as rendered to JSON."""
    line = JSONRenderer()(None, "info", scrub_event(None, "info", event))
    read: dict[str, Any] = json.loads(line)
    return read


@pytest.mark.parametrize(
    "address",
    [
        "ann@example.com",
        "Ann.Lee+shop@mail.example.co.uk",
        "a_b%c-d@ex-ample.org",
        "jürgen@bücher.de",
        "ann@example.com+bob@example.com",
        "ann@example.com..bob@example.com",
        "ann@bob@example.com",
    ],
)
@pytest.mark.parametrize("mask", [scrub, redact_error])
def test_emails_in_text_are_masked(mask: Any, address: str) -> None:
    text = mask(f"550 <{address}>: unknown, {address}, to {address}.")
    assert "example" not in text
    assert "bücher" not in text
    assert text.startswith("550 <")
    assert text.endswith("[redacted].")


def test_scrub_renders_objects_by_repr() -> None:
    assert rendered(key=UUID(int=1), failed=ValueError("ann@example.com")) == {
        "key": "UUID('00000000-0000-0000-0000-000000000001')",
        "failed": "ValueError('[redacted]')",
    }


@pytest.mark.parametrize("value", ["x" * 100_000, ["x" * 100_000], {"path": "x" * 100_000}, b"x" * 100_000])
def test_scrub_truncates_long_values(value: Any) -> None:
    assert len(json.dumps(rendered(value=value))) < MAX_LENGTH + 100


def test_scrub_masks_email_at_length_limit() -> None:
    text = scrub("x" * (MAX_LENGTH - 10) + " ann@example.com")
    assert "ann" not in text


def test_redact_keeps_other_values() -> None:
    event = {"event": "request_finished", "code": 200, "request": "GET /", "user_id": None}
    assert redact(None, "info", dict(event)) == event


def test_scrub_keeps_text_without_emails() -> None:
    event = {"request": "GET /@me/", "event": "a @ b", "code": 200, "ratio": 0.5, "ok": True, "user_id": None}
    assert rendered(**event) == event
