from datetime import UTC, datetime, timedelta
from itertools import cycle

import pytest
import time_machine
from django.core.mail import EmailMessage
from django.urls import reverse
from pytest_django import Settings

from apps.users.tests.factories import PASSWORD, UserFactory
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
