"""Events sent to a fake Sentry server, by default and with `SENTRY_STRICT`."""

import json
from typing import Any

import pytest

from config import project
from tests.production import run_python
from tests.receiver import Receiver, receiving

pytestmark = pytest.mark.process

EMAIL = "ann.lee@example.com"
PASSWORD = "correct horse battery"
TOKEN = "eyJhbGciOiJIUzI1NiJ9.c2VjcmV0.c2lnbmF0dXJl"


def dsn(server: Receiver) -> str:
    return f"http://public@127.0.0.1:{server.server_port}/1"


def events(server: Receiver, kind: str = "event") -> list[dict[str, Any]]:
    """Return the payloads of one kind. https://develop.sentry.dev/sdk/foundations/envelopes/"""
    found = []
    for _, envelope in server.received:
        lines = iter(envelope.split(b"\n")[1:])
        for header, payload in zip(lines, lines, strict=False):
            if json.loads(header)["type"] == kind:
                found.append(json.loads(payload))
    return found


def reported(**variables: str) -> tuple[list[dict[str, Any]], str]:
    """Run `sentry_events.py`; return the events, and all that was sent as text."""
    with receiving() as server:
        program = ("-m", "infrastructure.tests.sentry_events", EMAIL, PASSWORD, TOKEN)
        process = run_python(*program, SENTRY_DSN=dsn(server), **variables)
        assert process.returncode == 0, process.stderr
    return events(server), b"\n".join(body for _, body in server.received).decode()


def test_event_has_exception_and_ids_and_no_request_data() -> None:
    variables = {"SENTRY_ENVIRONMENT": "blue", "SENTRY_TRACES_SAMPLE_RATE": "1.0"}
    (error, job, plain), sent = reported(SENTRY_RELEASE="7", **variables)
    exception = error["exception"]["values"][-1]
    assert exception["type"] == "OperationalError"
    assert exception["value"].startswith("no such table")
    assert (error["release"], error["environment"]) == ("7", "blue")
    assert error["tags"]["request_id"] == "my-request-1"
    assert job["logger"] == "infrastructure.background"
    assert job["logentry"]["message"] == "job_failed"
    assert job["exception"]["values"][0]["value"] == "[redacted] failed"
    assert job["tags"]["request_id"] == "my-request-2"
    assert plain["logentry"]["message"] == "%s has %s"
    assert '"http.client"' in sent
    assert [secret for secret in (EMAIL, PASSWORD, TOKEN) if secret in sent] == []


def test_strict_event_has_no_messages() -> None:
    (error, job, plain), sent = reported(SENTRY_STRICT="true")
    assert error["exception"]["values"][-1]["type"] == "OperationalError"
    assert error["release"] == f"{project.NAME}@{project.VERSION}"
    assert error["environment"] == "production"
    assert "value" not in error["exception"]["values"][-1]
    assert job["logentry"]["message"] == "job_failed"
    assert job["exception"]["values"][0]["type"] == "ValueError"
    assert (plain["logger"], plain["logentry"]["message"]) == ("apps.users", "")
    assert [text for text in ("no such table", EMAIL, PASSWORD, TOKEN) if text in sent] == []
