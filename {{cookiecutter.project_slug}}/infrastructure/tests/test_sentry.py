"""Events sent to a fake Sentry server, by default and with `SENTRY_STRICT`."""

import json
from pathlib import Path
from typing import Any

import pytest

from config import project
from tests.production import run_python, served
from tests.receiver import Receiver, receiving

pytestmark = pytest.mark.process

EMAIL = "ann.lee@example.com"
PASSWORD = "correct horse battery"
TOKEN = "eyJhbGciOiJIUzI1NiJ9.c2VjcmV0.c2lnbmF0dXJl"
ADDRESS = "203.0.113.77"
USER = "0b0cf2fb-94b1-4f06-a27c-2b1a1e5f0c11"


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


def test_strict_trace_of_server_has_no_personal_data(tmp_path: Path) -> None:
    headers: dict[str, str] = {
        "Authorization": f"Bearer {TOKEN}",
        "X_Forwarded_For": ADDRESS,
        "User_Agent": "Annabrowser",
    }
    with receiving() as sentry:
        variables = {"SENTRY_DSN": dsn(sentry), "SENTRY_TRACES_SAMPLE_RATE": "1.0", "SENTRY_STRICT": "true"}
        with served(tmp_path, **variables) as server:
            # No errors of the server: no event.
            assert server.send("GET", f"/api/v1/users/{USER}/")[0] == 401
            assert server.send("GET", f"/api/nothing/?token={TOKEN}")[0] == 404
            assert server.send("GET", "/api/v1/users/me/", Host="evil.example")[0] == 400
            login = {"email": EMAIL, "password": PASSWORD}
            status, _, body = server.send("POST", f"/api/v1/auth/token/?token={TOKEN}", login, **headers)
            assert (status, json.loads(body)["type"]) == (500, "urn:problem:server_error")
            assert server.stop() == 0
    (event,) = events(sentry)
    assert event["exception"]["values"][-1]["mechanism"]["handled"] is False
    frames = event["exception"]["values"][-1]["stacktrace"]["frames"]
    assert any(frame["in_app"] and frame["filename"].startswith("apps/users/") for frame in frames)
    assert event["transaction"] == "/api/v1/auth/token/"
    transactions = events(sentry, "transaction")
    assert "/api/v1/auth/token/" in [transaction.get("transaction") for transaction in transactions]
    sent = b"\n".join(body for _, body in sentry.received).decode()
    planted = (EMAIL, PASSWORD, TOKEN, ADDRESS, USER, "Annabrowser")
    assert [secret for secret in planted if secret in sent] == []


def test_sentry_sdk_is_imported_only_when_configured() -> None:
    process = run_python("-c", "import sys, django; django.setup(); print('sentry_sdk' in sys.modules)")
    assert process.stdout.split() == ["False"], process.stderr
