"""User journey on a live server: register, verify, log in, edit, reset the password, log out."""

import json
import re
import time
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from django.core.mail import EmailMessage
from pytest_django.live_server_helper import LiveServer

MAIL_DEADLINE = 20


class Person:
    """User with an HTTP client and a mailbox."""

    def __init__(self, server: str, mailbox: list[EmailMessage]) -> None:
        self.server = server
        self.mailbox = mailbox
        self.access = ""

    def send(self, method: str, path: str, **body: str) -> tuple[int, Any]:
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if self.access:
            headers["Authorization"] = f"Bearer {self.access}"
        data = json.dumps(body).encode() if body else None
        request = Request(f"{self.server}/api/v1/{path}", data, headers, method=method)  # noqa: S310 - our own
        try:
            with urlopen(request, timeout=30) as response:  # noqa: S310 - our own
                return response.status, json.loads(response.read() or "null")
        except HTTPError as error:
            with error:
                return error.code, json.loads(error.read())

    def token_of_mail(self, subject: str) -> Any:
        """Return the token in the link of an email, which is sent after the response."""
        deadline = time.monotonic() + MAIL_DEADLINE
        while time.monotonic() < deadline:
            for mail in self.mailbox:
                if subject in mail.subject:
                    self.mailbox.remove(mail)
                    return re.findall(r"\?token=([\w.-]+)", str(mail.body))[0]
            time.sleep(0.01)
        raise AssertionError(f"No mail {subject!r} in {[mail.subject for mail in self.mailbox]}")


def test_user_journey(live_server: LiveServer, mailoutbox: list[EmailMessage]) -> None:
    ann = Person(live_server.url, mailoutbox)
    login = {"email": "Ann@Example.com", "password": "correct horse battery"}

    assert ann.send("POST", "auth/register/", **login, first_name="Ann") == (202, None)
    assert ann.send("POST", "auth/token/", **login)[0] == 401
    token = ann.token_of_mail("Verify")
    proof = {"token": token, "password": login["password"]}
    assert ann.send("POST", "auth/verify-email/", token=token, password="of a stranger")[0] == 400
    assert ann.send("POST", "auth/verify-email/", **proof) == (204, None)
    assert ann.send("POST", "auth/verify-email/", **proof)[0] == 400

    status, pair = ann.send("POST", "auth/token/", **login)
    assert status == 200
    ann.access = pair["access"]
    status, me = ann.send("GET", "users/me/")
    assert (status, me["email"], me["first_name"]) == (200, "ann@example.com", "Ann")
    assert ann.send("PATCH", "users/me/", last_name="Lee")[1]["last_name"] == "Lee"
    status, pair = ann.send("POST", "auth/token/refresh/", refresh=pair["refresh"])
    assert status == 200
    ann.access = pair["access"]
    assert ann.send("GET", "users/me/")[1]["last_name"] == "Lee"
    assert ann.send("POST", "auth/logout/", refresh=pair["refresh"]) == (204, None)
    assert ann.send("POST", "auth/token/refresh/", refresh=pair["refresh"])[0] == 401

    ann.access = ""
    assert ann.send("POST", "auth/password/reset/", email=login["email"]) == (202, None)
    login["password"] = "a completely new one"
    reset = {"token": ann.token_of_mail("Reset"), "new_password": login["password"]}
    assert ann.send("POST", "auth/password/reset/confirm/", **reset) == (204, None)
    status, pair = ann.send("POST", "auth/token/", **login)
    assert status == 200
    ann.access = pair["access"]
    assert ann.send("DELETE", "users/me/") == (204, None)
    assert ann.send("GET", "users/me/")[0] == 401
    assert ann.send("POST", "auth/token/", **login)[0] == 401
