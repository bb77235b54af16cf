"""Logs and responses of a production server: hosts, schemes and long input."""

import json
import time
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest

from conftest import LANGUAGE
from tests.production import Server
from tests.test_logging import EMAIL, PASSWORD, line_of

pytestmark = pytest.mark.process


def mail_to(address: str, folder: Path) -> EmailMessage:
    """Return the email to a recipient, once it is completely written."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        for path in folder.glob("*"):
            mail, end, _ = path.read_bytes().rpartition(b"-" * 79)
            message = message_from_bytes(mail, policy=policy.default)
            if end and message["To"] == address:
                return message
        time.sleep(0.01)
    raise AssertionError(f"no mail to {address}")


@pytest.mark.parametrize(
    "path", ["/" + "a" * 2000 + "@" + "a" * 1900, "/" + "a@" * 2000, f"/{'x' * 2500}/{EMAIL}"]
)
def test_log_lines_truncate_client_input(server: Server, path: str) -> None:
    status, headers, _ = server.send("GET", path, User_Agent="b" * 4000)
    assert status == 404
    line = line_of(server, headers["X-Request-ID"])
    assert len(json.dumps(line)) < 2_500
    assert line["request"].startswith(f"GET {path[:1500]}")


def test_http_redirects_to_https(server: Server) -> None:
    status, headers, _ = server.send("GET", "/api/v1/users/me/", X_Forwarded_Proto="http")
    assert (status, headers["Location"]) == (301, "https://api.example.com/api/v1/users/me/")
    status, headers, body = server.send("GET", "/api/v1/users/me/")
    assert status == 401
    assert headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains; preload"
    assert json.loads(body)["request_id"] == headers["X-Request-ID"]


def test_disallowed_host_is_rejected_except_for_probes(server: Server) -> None:
    assert server.send("GET", "/api/v1/users/me/", Host="evil.example")[0] == 400
    for probe in ("live", "ready"):
        assert server.send("GET", f"/health/{probe}/", Host="10.0.0.7", X_Forwarded_Proto="http")[0] == 200


def test_registration_mail_is_in_the_language_of_the_request(server: Server, database: Path) -> None:
    login = {"email": "bob@example.com", "password": PASSWORD}
    assert server.send("POST", "/api/v1/auth/register/", login, Accept_Language=LANGUAGE)[0] == 202
    mail = mail_to("bob@example.com", database.parent / "mails")
    text, html = (mail.get_body((kind,)) for kind in ("plain", "html"))
    assert text
    assert "https://www.example.com/verify-email?token=" in text.get_content()
    assert html
    assert f'<html lang="{LANGUAGE}"' in html.get_content()
