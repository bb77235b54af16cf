"""Events sent to a fake Sentry server, without personal data."""

import json
from collections.abc import Iterator
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
PLANTED = (EMAIL, "ann.lee", PASSWORD, TOKEN, ADDRESS, USER, "sessionid-value", "swordfish", "Annabrowser")
HEADERS: dict[str, str] = {
    "Authorization": f"Bearer {TOKEN}",
    "Cookie": "__Host-sessionid=sessionid-value",
    "X_API_Key": "swordfish",
    "X_Forwarded_For": ADDRESS,
    "User_Agent": "Annabrowser",
}
LOGIN = {"email": EMAIL, "password": PASSWORD}
# The in-memory database of `REQUIRED` has no tables: a login fails with 500.
LOG_IN = f"/api/v1/auth/token/?token={TOKEN}&email={EMAIL}"
# The source lines, which events contain, must not contain the planted values.
LOGS = """
import logging, sys
import django
import structlog
django.setup()
structlog.contextvars.bind_contextvars(request_id="my-request-2")
email, password = sys.argv[1:]
def fail(password):
    raise ValueError(f"{email} has {password}")
for name in ("infrastructure.background", "infrastructure.monitoring.health", "library"):
    try:
        fail(password)
    except ValueError:
        structlog.get_logger(name).exception("job_failed", name=email)
logging.getLogger("apps.users").error("%s has %s", email, password)
"""


@pytest.fixture
def sentry() -> Iterator[Receiver]:
    with receiving() as server:
        yield server


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


def planted_in(server: Receiver) -> list[str]:
    sent = b"\n".join(body for _, body in server.received).decode()
    return [secret for secret in PLANTED if secret in sent]


def test_sentry_receives_exception_without_personal_data(tmp_path: Path, sentry: Receiver) -> None:
    variables = {"SENTRY_DSN": dsn(sentry), "SENTRY_TRACES_SAMPLE_RATE": "1.0"}
    with served(tmp_path, **variables) as server:
        handled = {
            server.send("GET", f"/api/v1/users/{USER}/")[0],
            server.send("GET", f"/api/nothing/?token={TOKEN}")[0],
            server.send("GET", "/api/v1/users/me/", Host="evil.example")[0],
        }
        assert handled == {400, 401, 404}
        status, _, body = server.send("POST", LOG_IN, LOGIN, **HEADERS, X_Request_ID="my-request-1")
        assert (status, json.loads(body)["type"]) == (500, "urn:problem:server_error")
        assert server.stop() == 0
    (event,) = events(sentry)
    assert event["exception"]["values"][-1]["type"] == "OperationalError"
    assert event["exception"]["values"][-1]["mechanism"]["handled"] is False
    frames = event["exception"]["values"][-1]["stacktrace"]["frames"]
    assert any(frame["in_app"] and frame["filename"].endswith("sessions.py") for frame in frames)
    assert event["tags"]["request_id"] == "my-request-1"
    assert event["release"] == f"{project.NAME}@{project.VERSION}"
    assert event["environment"] == "production"
    assert event["transaction"] == "/api/v1/auth/token/"
    transactions = events(sentry, "transaction")
    assert "/api/v1/auth/token/" in [transaction.get("transaction") for transaction in transactions]
    assert planted_in(sentry) == []


def test_sentry_receives_logged_error_by_event_name(sentry: Receiver) -> None:
    variables = {"SENTRY_DSN": dsn(sentry), "SENTRY_RELEASE": "7", "SENTRY_ENVIRONMENT": "blue"}
    process = run_python("-c", LOGS, EMAIL, PASSWORD, **variables)
    assert process.returncode == 0, process.stderr
    job, plain = events(sentry)
    assert (job["logger"], job["logentry"]["message"]) == ("infrastructure.background", "job_failed")
    assert job["exception"]["values"][0]["type"] == "ValueError"
    assert (job["release"], job["environment"], job["tags"]["request_id"]) == ("7", "blue", "my-request-2")
    assert plain["logger"] == "apps.users"
    assert planted_in(sentry) == []


def test_sentry_sdk_is_imported_only_when_configured() -> None:
    process = run_python("-c", "import sys, django; django.setup(); print('sentry_sdk' in sys.modules)")
    assert process.stdout.split() == ["False"], process.stderr
