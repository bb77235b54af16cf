from datetime import UTC, datetime, timedelta
from itertools import cycle

import pytest
import time_machine
from django.core.mail import EmailMessage
from django.urls import reverse
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from apps.users.models import User
from apps.users.services.passwords import password_set
from apps.users.tests.factories import PASSWORD, UserFactory
from apps.users.tests.helpers import token_in
from conftest import Client

pytestmark = pytest.mark.django_db

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
ENDPOINTS = ["register", "resend-verification", "password-reset"]


@pytest.fixture(autouse=True)
def _limit(settings: Settings) -> None:
    settings.THROTTLE_RATES = settings.THROTTLE_RATES | {"mailbox": "3/hour,4/day"}


def ask(name: str, email: str) -> int:
    body = {"email": email, "password": PASSWORD}
    return Client().post(reverse(f"v1:auth:{name}"), body).status_code


def test_mailbox_limit_applies_across_endpoints(mailoutbox: list[EmailMessage]) -> None:
    user = UserFactory.create(email_verified_at=None)
    forms = cycle([user.email, user.email.upper(), user.email.replace("example", "\uff45xample")])
    with time_machine.travel(NOON, tick=False) as clock:
        assert {ask(name, next(forms)) for name in ENDPOINTS * 4} == {202}
        assert len(mailoutbox) == 3
        clock.shift(timedelta(hours=1))
        assert {ask(name, next(forms)) for name in ENDPOINTS} == {202}
        assert len(mailoutbox) == 4
        clock.shift(timedelta(days=1))
        assert ask("password-reset", user.email) == 202
    assert len(mailoutbox) == 5


def test_registrations_by_strangers_do_not_use_up_the_limit_of_links(
    user: User, mailoutbox: list[EmailMessage]
) -> None:
    for _ in range(5):
        ask("register", user.email)
    assert len(mailoutbox) == 3
    mailoutbox.clear()
    ask("password-reset", user.email)
    assert [mail.to for mail in mailoutbox] == [[user.email]]
    assert token_in(mailoutbox[0])


def test_notices_are_exempt_from_the_mailbox_limit(
    user: User,
    mailoutbox: list[EmailMessage],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    for _ in range(5):
        ask("password-reset", user.email)
    mailoutbox.clear()
    with django_capture_on_commit_callbacks(execute=True):
        password_set(user=user, password="quite another passphrase")
    assert [mail.subject.split(" for ")[0] for mail in mailoutbox] == ["Your password"]


def test_mailbox_limit_is_logged_without_the_email(user: User, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(4):
        ask("password-reset", user.email)
    assert caplog.text.count("mailbox_limited") == 1
    assert user.email not in caplog.text
