"""Lockout after failed logins, and the account limit across networks."""

from datetime import timedelta

import pytest
import time_machine
from django.core.mail import EmailMessage
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from apps.users.models import User
from apps.users.tests.factories import PASSWORD, UserFactory
from apps.users.tests.helpers import Response, assert_unauthorized, problem_of
from conftest import Client

pytestmark = pytest.mark.django_db

LIMIT = 3


@pytest.fixture(autouse=True)
def _limit(settings: Settings) -> None:
    settings.AXES_FAILURE_LIMIT = LIMIT


def log_in(email: str, password: str = PASSWORD, *, client: str = "192.0.2.1", agent: str = "") -> Response:
    body = {"email": email, "password": password}
    return Client().post(reverse("v1:auth:token"), body, REMOTE_ADDR=client, HTTP_USER_AGENT=agent)


def fail(email: str, *, times: int = LIMIT, client: str = "192.0.2.1") -> Response:
    """Log in with a wrong password; all responses but the last must be 401."""
    responses = [log_in(email, "wrong", client=client) for _ in range(times)]
    for response in responses[:-1]:
        assert_unauthorized(response, "invalid_credentials")
    return responses[-1]


@pytest.fixture
def account_limit(settings: Settings) -> int:
    """Return the allowed attempts per hour for an account from unknown networks."""
    settings.THROTTLE_RATES = settings.THROTTLE_RATES | {"account": "4/hour"}
    return 4


def attack(email: str, *, times: int, network: str = "2001:db8:0:{number:x}::1") -> list[int]:
    """Try a wrong password once from each of many networks."""
    return [
        log_in(email, "wrong", client=network.format(number=number)).status_code
        for number in range(1, times + 1)
    ]


def assert_locked(response: Response, settings: Settings) -> None:
    assert problem_of(response, 429)["type"] == "urn:problem:locked_out"
    assert response["Retry-After"] == str(int(settings.AXES_COOLOFF_TIME.total_seconds()))


def test_correct_password_is_rejected_after_too_many_failures(user: User, settings: Settings) -> None:
    assert_locked(fail(user.email), settings)
    assert_locked(log_in(user.email), settings)
    assert_locked(log_in(user.email.upper()), settings)


def test_lockout_ends_after_the_cooloff_time(user: User, settings: Settings) -> None:
    fail(user.email)
    end = timezone.now() + settings.AXES_COOLOFF_TIME
    with time_machine.travel(end - timedelta(seconds=5), tick=False):
        assert_locked(log_in(user.email), settings)
    with time_machine.travel(end + timedelta(seconds=5), tick=False):
        assert log_in(user.email).status_code == 200


def test_login_resets_the_failure_count(user: User) -> None:
    for _ in range(3):
        fail(user.email, times=LIMIT - 1)
        assert log_in(user.email).status_code == 200


# The limit of an account across networks


@pytest.mark.parametrize("network", ["2001:db8:0:{number:x}::1", "192.0.2.{number}"])
def test_account_limit_applies_to_attack_from_many_networks(
    user: User, account_limit: int, settings: Settings, network: str
) -> None:
    assert attack(user.email, times=7, network=network) == [401] * account_limit + [429] * 3
    assert_locked(log_in(user.email, client="198.51.100.1"), settings)
    assert log_in(UserFactory.create().email, client="198.51.100.1").status_code == 200


def test_owner_is_notified_of_an_attack_once_a_day(
    user: User, account_limit: int, mailoutbox: list[EmailMessage], caplog: pytest.LogCaptureFixture
) -> None:
    with time_machine.travel(timezone.now().replace(hour=3), tick=False) as clock:
        for _ in range(2):
            attack(user.email, times=account_limit + 3)
            clock.shift(timedelta(hours=1))
        assert [mail.to for mail in mailoutbox] == [[user.email]]
        assert caplog.text.count("login_account_limited") == 1
        clock.shift(timedelta(days=1))
        attack(user.email, times=account_limit + 1)
    assert len(mailoutbox) == 2
    assert "Failed logins" in mailoutbox[0].subject
    assert user.email not in caplog.text
    assert "2001:db8" not in caplog.text
