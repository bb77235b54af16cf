"""Traces of a server with `SENTRY_STRICT`."""

import json
from pathlib import Path

import pytest

from infrastructure.tests.test_sentry import EMAIL, PASSWORD, TOKEN, dsn, events
from tests.production import served
from tests.receiver import receiving

pytestmark = pytest.mark.process
ADDRESS = "203.0.113.77"
USER = "0b0cf2fb-94b1-4f06-a27c-2b1a1e5f0c11"


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
