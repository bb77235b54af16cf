"""Lockouts with all kinds of clients."""

from datetime import timedelta

import pytest
import time_machine
from axes.models import AccessAttempt
from django.core.mail import EmailMessage
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from apps.users.models import User
from apps.users.tests.api.test_lockout import LIMIT, assert_locked, attack, fail, log_in
from apps.users.tests.factories import PASSWORD, SuperuserFactory, UserFactory
from apps.users.tests.helpers import assert_unauthorized, token_in
from conftest import Client

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _limit(settings: Settings) -> None:
    settings.AXES_FAILURE_LIMIT = LIMIT


@pytest.fixture
def account_limit(settings: Settings) -> int:
    """Return the allowed attempts per hour for an account from unknown networks."""
    settings.THROTTLE_RATES = settings.THROTTLE_RATES | {"account": "4/hour"}
    return 4


def test_ipv6_network_is_locked_out_as_one_client(user: User, settings: Settings) -> None:
    for number in range(LIMIT):
        log_in(user.email, "wrong", client=f"2001:db8::{number}")
    assert_locked(log_in(user.email, client="2001:db8::ffff:1"), settings)
    assert log_in(user.email, client="2001:db8:0:1::1").status_code == 200


def test_other_browser_of_the_client_is_locked_out(user: User, settings: Settings) -> None:
    for number in range(LIMIT):
        log_in(user.email, "wrong", agent=f"browser {number}")
    assert_locked(log_in(user.email, agent="one more"), settings)


def test_lockout_is_not_extended_by_further_attempts(user: User, settings: Settings) -> None:
    fail(user.email)
    end = timezone.now() + settings.AXES_COOLOFF_TIME
    with time_machine.travel(end - timedelta(seconds=60), tick=False):
        assert_locked(log_in(user.email, "wrong"), settings)
    with time_machine.travel(end + timedelta(seconds=5), tick=False):
        assert log_in(user.email).status_code == 200


def test_lockout_ignores_forged_headers(user: User, settings: Settings) -> None:
    settings.NUM_PROXIES = 1
    url = reverse("v1:auth:token")
    for number in range(LIMIT + 1):
        forwarded = f"198.51.100.{number}, 192.0.2.1"
        body = {"email": user.email, "password": "wrong"}
        response = Client().post(url, body, HTTP_X_FORWARDED_FOR=forwarded)
    assert_locked(response, settings)


def test_account_limit_counts_all_forms_of_an_email(user: User, account_limit: int) -> None:
    wide = user.email.replace("example", "\uff45xample")
    statuses = [
        log_in(email, "wrong", client=f"192.0.2.{number}").status_code
        for number, email in enumerate([user.email, wide, user.email.upper()] * 2)
    ]
    assert statuses == [401] * account_limit + [429] * 2


def test_known_network_of_another_account_is_not_exempt(user: User, account_limit: int) -> None:
    assert log_in(UserFactory.create().email, client="198.51.100.1").status_code == 200
    attack(user.email, times=account_limit)
    assert log_in(user.email, client="198.51.100.1").status_code == 429


def test_locked_out_network_does_not_use_up_the_account_limit(user: User, account_limit: int) -> None:
    fail(user.email, times=LIMIT)
    for _ in range(5):
        assert log_in(user.email, "wrong").status_code == 429
    assert log_in(user.email, client="198.51.100.1").status_code == 200


def test_account_limit_ends_with_its_window(user: User, account_limit: int) -> None:
    attack(user.email, times=account_limit + 1)
    with time_machine.travel(timezone.now() + timedelta(hours=1), tick=False):
        assert log_in(user.email, client="198.51.100.1").status_code == 200


@pytest.mark.parametrize("fields", [{"is_active": False}, {"email_verified_at": None}])
def test_attack_on_account_without_login_sends_no_mail(
    account_limit: int, mailoutbox: list[EmailMessage], fields: dict[str, None]
) -> None:
    user = UserFactory.create(**fields)
    assert attack(user.email, times=account_limit + 1)[-1] == 429
    assert not mailoutbox


def test_other_email_is_not_locked_out(user: User) -> None:
    fail(user.email)
    assert log_in(UserFactory.create().email).status_code == 200


def test_account_limit_is_the_same_for_unknown_email(
    account_limit: int, mailoutbox: list[EmailMessage]
) -> None:
    assert attack("unknown@example.com", times=6) == [401] * account_limit + [429] * 2
    assert not mailoutbox


def test_failures_below_the_limit_do_not_lock_out(user: User) -> None:
    assert_unauthorized(fail(user.email, times=LIMIT - 1), "invalid_credentials")
    assert log_in(user.email).status_code == 200


def test_other_client_is_not_locked_out_and_does_not_end_the_lockout(user: User, settings: Settings) -> None:
    fail(user.email)
    assert log_in(user.email, client="192.0.2.2").status_code == 200
    assert_locked(log_in(user.email), settings)


def test_failure_table_contains_no_personal_data(settings: Settings) -> None:
    settings.AXES_FAILURE_LIMIT = 100
    user = SuperuserFactory.create(email="ada@example.com")
    fail(user.email)
    fail("unknown@example.com")
    form = {"username": "Ada@Example.com", "password": "wrong", "next": "/admin/"}
    Client().post(reverse("admin:login"), form, format="multipart", REMOTE_ADDR="192.0.2.1")
    rows = list(AccessAttempt.objects.values())
    assert sum(row["failures_since_start"] for row in rows) == 2 * LIMIT + 1
    # API and admin share a counter: the digest of the email is the same.
    assert len({row["username"] for row in rows}) == 2
    assert not [word for word in ("ada@", "unknown@", "example.com", "wrong") if word in str(rows).lower()]


def test_lockout_is_logged_without_personal_data(user: User, caplog: pytest.LogCaptureFixture) -> None:
    fail(user.email)
    assert "login_locked_out" in caplog.text
    assert user.email not in caplog.text


def test_owner_logs_in_from_a_known_network_during_an_attack(user: User, account_limit: int) -> None:
    for client in ("198.51.100.1", "2001:db8:1::1"):
        assert log_in(user.email, client=client).status_code == 200
    attack(user.email, times=account_limit + 1)
    assert log_in(user.email, client="198.51.100.1").status_code == 200
    assert log_in(user.email, client="2001:db8:1::ffff").status_code == 200
    assert log_in(user.email, client="198.51.100.2").status_code == 429


def test_owner_logs_in_after_a_password_reset_during_an_attack(
    user: User, account_limit: int, mailoutbox: list[EmailMessage]
) -> None:
    attack(user.email, times=account_limit + 1)
    mailoutbox.clear()
    Client().post(reverse("v1:auth:password-reset"), {"email": user.email})
    body = {"token": token_in(mailoutbox[0]), "new_password": PASSWORD}
    confirm = reverse("v1:auth:password-reset-confirm")
    assert Client().post(confirm, body, REMOTE_ADDR="198.51.100.1").status_code == 204
    assert log_in(user.email, client="198.51.100.1").status_code == 200
    assert log_in(user.email, client="198.51.100.2").status_code == 429


def test_unknown_email_is_locked_out_like_a_known_one(settings: Settings) -> None:
    assert_locked(fail("unknown@example.com"), settings)
    assert_locked(log_in("unknown@example.com"), settings)
