"""Rate limits of endpoints that accept a password, a token or an email."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from django.urls import reverse
from pytest_django import Settings

from apps.users.tests.helpers import Response, problem_of
from conftest import Client

pytestmark = pytest.mark.django_db

LIMIT = 2
PUBLIC = [
    "email-change-confirm",
    "register",
    "verify-email",
    "resend-verification",
    "token",
    "token-refresh",
    "token-verify",
    "password-reset",
    "password-reset-confirm",
]
WITH_ADDRESS = ["register", "resend-verification", "password-reset"]
# Frozen clock, 40 seconds before the end of the window.
NOW = datetime(2030, 1, 1, 12, 0, 20, tzinfo=UTC)
SECONDS_LEFT = "40"


@pytest.fixture(autouse=True)
def _limit(settings: Settings) -> Iterator[None]:
    rate = f"{LIMIT}/minute,1000/day"
    settings.THROTTLE_RATES = {**settings.THROTTLE_RATES, "auth": rate, "token": rate}
    with time_machine.travel(NOW, tick=False):
        yield


def ask(name: str, client: str = "192.0.2.1", forwarded: str = "", **body: Any) -> Response:
    url = reverse(f"v1:auth:{name}")
    return Client().post(url, body, REMOTE_ADDR=client, HTTP_X_FORWARDED_FOR=forwarded)


def assert_throttled(response: Response) -> None:
    assert problem_of(response, 429)["type"] == "urn:problem:throttled"
    assert response["Retry-After"] == SECONDS_LEFT


@pytest.mark.parametrize("name", PUBLIC)
def test_client_is_throttled(name: str) -> None:
    for _ in range(LIMIT):
        assert ask(name).status_code == 400
    assert_throttled(ask(name))
    assert ask(name, client="192.0.2.2").status_code == 400


@pytest.mark.parametrize("name", WITH_ADDRESS)
def test_email_is_throttled_across_clients(name: str) -> None:
    for number in range(LIMIT):
        assert ask(name, client=f"192.0.2.{number}", email="ada@example.com").status_code != 429
    assert_throttled(ask(name, client="192.0.2.10", email="ada@example.com"))
    assert_throttled(ask(name, client="192.0.2.11", email=" ADA@Example.com"))
    assert ask(name, client="192.0.2.12", email="grace@example.com").status_code != 429
