"""Logs of a production server run by gunicorn: JSON lines without secrets."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import lines
from tests.production import Server

pytestmark = pytest.mark.process

EMAIL = "ann.lee@example.com"
PASSWORD = "correct horse battery"
TOKEN = "eyJhbGciOiJIUzI1NiJ9.c2VjcmV0.c2lnbmF0dXJl"
SECRETS = (EMAIL, PASSWORD, TOKEN, "ann.lee", "sessionid-value", "swordfish")


def line_of(server: Server, request_id: str) -> dict[str, Any]:
    """Return the log line of a request; it is written before the response is sent."""
    (line,) = [line for line in lines(server) if line.get("request_id") == request_id and "code" in line]
    return line


def test_log_lines_are_json_including_gunicorn(server: Server) -> None:
    server.send("GET", "/health/ready/")
    written = lines(server)
    assert all({"event", "level", "logger", "timestamp"} <= line.keys() for line in written)
    assert "gunicorn.error" in {line["logger"] for line in written}
    requests = [line for line in written if line["logger"].startswith("django_structlog")]
    assert requests
    assert all(line["request_id"] for line in requests)


def test_request_id_is_in_the_log_and_the_response(server: Server) -> None:
    _, headers, _ = server.send("GET", "/api/nothing/?token=x", X_Request_ID="my-request-1")
    assert headers["X-Request-ID"] == "my-request-1"
    line = line_of(server, "my-request-1")
    assert (line["request"], line["code"], line["level"]) == ("GET /api/nothing/", 404, "info")
    assert line["duration_ms"] > 0


def test_log_contains_no_secrets(server: Server, database: Path) -> None:
    headers: dict[str, Any] = {
        "Authorization": f"Bearer {TOKEN}",
        "Cookie": "__Host-sessionid=sessionid-value",
        "X_API_Key": "swordfish",
    }
    login = {"email": EMAIL, "password": PASSWORD}
    query = f"?token={TOKEN}&email={EMAIL}"
    answers = {
        "register": server.send("POST", f"/api/v1/auth/register/{query}", login, **headers),
        "login": server.send("POST", f"/api/v1/auth/token/{query}", login, **headers),
        "refresh": server.send("POST", "/api/v1/auth/token/refresh/", {"refresh": TOKEN}, **headers),
        "verify": server.send("POST", "/api/v1/auth/verify-email/", {"token": TOKEN}, **headers),
        "me": server.send("GET", f"/api/v1/users/me/{query}", **headers),
        "admin": server.send("GET", f"/admin/{query}", **headers),
    }
    statuses = {name: status for name, (status, _, _) in answers.items()}
    assert statuses == {"register": 202, "login": 401, "refresh": 401, "verify": 400, "me": 401, "admin": 302}

    # Server errors are logged with a traceback, whose local variables contain the secrets.
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("ALTER TABLE users_user RENAME TO away")
        _, fault, body = server.send("POST", f"/api/v1/auth/token/{query}", login, **headers)
        connection.execute("ALTER TABLE away RENAME TO users_user")
    assert (json.loads(body)["status"], json.loads(body)["type"]) == (500, "urn:problem:server_error")
    failure = line_of(server, fault["X-Request-ID"])
    assert (failure["event"], failure["level"]) == ("request_failed", "error")
    assert "no such table" in json.dumps(failure["exception"])

    written = server.output.read_text(encoding="utf-8")
    assert [secret for secret in SECRETS if secret in written] == []
    ids = {line["request_id"] for line in lines(server) if "request_id" in line}
    assert {sent["X-Request-ID"] for _, sent, _ in answers.values()} <= ids
