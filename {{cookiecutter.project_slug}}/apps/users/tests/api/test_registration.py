import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.mail import EmailMessage
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from apps.users.models import User
from apps.users.tests.factories import PASSWORD, UserFactory
from apps.users.tests.helpers import Response, fields_of, token_in
from conftest import Client

pytestmark = pytest.mark.django_db

EMAIL = "ada@example.com"
OTHER_PASSWORD = "quite another passphrase"

STATES: dict[str, Callable[[], User | None]] = {
    "unknown": lambda: None,
    "unverified": lambda: UserFactory.create(email=EMAIL, email_verified_at=None),
    "verified": lambda: UserFactory.create(email=EMAIL),
    "deactivated": lambda: UserFactory.create(email=EMAIL, is_active=False),
    "deactivated before": lambda: UserFactory.create(email=EMAIL, is_active=False, email_verified_at=None),
}
every_state = pytest.mark.parametrize("create", STATES.values(), ids=STATES)


def register(api: Client, email: str = EMAIL, password: str = PASSWORD, **fields: Any) -> Response:
    return api.post(reverse("v1:auth:register"), {"email": email, "password": password, **fields})


def verify(api: Client, token: str, password: str = PASSWORD) -> Response:
    return api.post(reverse("v1:auth:verify-email"), {"token": token, "password": password})


def resend(api: Client, email: str = EMAIL) -> Response:
    return api.post(reverse("v1:auth:resend-verification"), {"email": email})


def seen_by_the_client(response: Response) -> tuple[int, bytes, dict[str, str]]:
    headers = {name: value for name, value in response.items() if name != "X-Request-ID"}
    return response.status_code, response.content, headers


def test_registration_creates_an_unverified_user(api: Client) -> None:
    response = register(api, first_name="Ada", last_name="Lovelace")
    assert response.status_code == 202
    user = User.objects.get()
    assert (user.email, user.first_name, user.last_name) == (EMAIL, "Ada", "Lovelace")
    assert not user.is_verified
    assert user.is_active
    assert user.check_password(PASSWORD)


def test_registered_user_verifies_the_email_and_logs_in(api: Client, mailoutbox: list[EmailMessage]) -> None:
    register(api)
    assert verify(api, token_in(mailoutbox[0])).status_code == 204
    assert [mail.to for mail in mailoutbox] == [[EMAIL], [EMAIL]]
    assert "Welcome" in mailoutbox[1].subject
    api.login_by_token(User.objects.get())


@every_state
def test_registration_response_is_the_same_for_known_email(
    api: Client, create: Callable[[], User | None]
) -> None:
    create()
    expected = seen_by_the_client(register(api, "unknown@example.com"))
    assert seen_by_the_client(register(api)) == expected
    assert expected[:2] == (202, b"")


@pytest.mark.parametrize(
    ("state", "subject"),
    [
        ("unknown", "Verify your email"),
        ("unverified", "Choose your password"),
        ("verified", "You have an account"),
        ("deactivated", "You have an account"),
        ("deactivated before", "You have an account"),
    ],
)
def test_registration_sends_one_mail_to_the_owner(
    api: Client, mailoutbox: list[EmailMessage], state: str, subject: str
) -> None:
    STATES[state]()
    register(api)
    assert len(mailoutbox) == 1
    assert mailoutbox[0].to == [EMAIL]
    assert mailoutbox[0].subject.startswith(subject)


@pytest.mark.parametrize("state", ["verified", "deactivated", "deactivated before"])
def test_registration_does_not_change_existing_account(api: Client, state: str) -> None:
    STATES[state]()
    before = User.objects.values().get()
    register(api, password=OTHER_PASSWORD, first_name="Mallory")
    assert User.objects.values().get() == before


def test_registration_ignores_privileges(api: Client) -> None:
    register(
        api,
        is_staff=True,
        is_superuser=True,
        email_verified_at="2026-01-01T00:00:00Z",
        groups=[1],
        session_epoch=7,
    )
    user = User.objects.get()
    assert not user.is_staff
    assert not user.is_superuser
    assert not user.is_verified
    assert user.session_epoch == 0


def test_verification_requires_the_password_of_the_registration(
    api: Client, mailoutbox: list[EmailMessage]
) -> None:
    register(api)
    token = token_in(mailoutbox[0])
    response = verify(api, token, OTHER_PASSWORD)
    assert fields_of(response) == {("password", "wrong_password")}
    assert "Reset it" in response.json()["errors"][0]["message"]
    assert not User.objects.get().is_verified
    assert verify(api, token).status_code == 204


def test_verification_link_leads_to_the_web_application(
    api: Client, mailoutbox: list[EmailMessage], settings: Settings
) -> None:
    register(api)
    lines = str(mailoutbox[0].body).splitlines()
    links = [line for line in lines if line.startswith(f"{settings.FRONTEND_URL}/verify-email?token=")]
    assert len(links) == 1
    assert re.fullmatch(r"[A-Za-z0-9_.-]+", token_in(mailoutbox[0]))
    html = mailoutbox[0].alternatives[0][0]  # type: ignore[attr-defined] # a mail with an HTML part
    assert f'href="{links[0]}"' in html


@pytest.mark.parametrize(("late", "status"), [(timedelta(seconds=-5), 204), (timedelta(seconds=5), 400)])
def test_verification_link_expires(
    api: Client, mailoutbox: list[EmailMessage], settings: Settings, late: timedelta, status: int
) -> None:
    register(api)
    with time_machine.travel(timezone.now() + settings.EMAIL_VERIFICATION_TIMEOUT + late, tick=False):
        assert verify(api, token_in(mailoutbox[0])).status_code == status


@every_state
def test_resend_response_is_the_same_and_mails_only_unverified_users(
    api: Client, mailoutbox: list[EmailMessage], create: Callable[[], User | None]
) -> None:
    expected = seen_by_the_client(resend(api, "unknown@example.com"))
    user = create()
    assert seen_by_the_client(resend(api, "ADA@example.com")) == expected
    assert expected[:2] == (202, b"")
    if user and user.is_active and not user.is_verified:
        assert verify(api, token_in(mailoutbox.pop(0))).status_code == 204
        assert mailoutbox.pop().subject.startswith("Welcome")
    assert not mailoutbox
