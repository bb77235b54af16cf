import re
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

NEW_PASSWORD = "quite another passphrase"
WEAK_PASSWORDS = {
    "short": "password_too_short",
    "password1234": "password_too_common",
    "918273645546372819": "password_entirely_numeric",
}
every_weak_password = pytest.mark.parametrize(("weak", "code"), WEAK_PASSWORDS.items())


def change(api: Client, current: str = PASSWORD, new: str = NEW_PASSWORD) -> Response:
    body = {"current_password": current, "new_password": new}
    return api.post(reverse("v1:auth:password-change"), body)


def ask(api: Client, email: str) -> Response:
    return api.post(reverse("v1:auth:password-reset"), {"email": email})


def confirm(api: Client, token: Any, password: str = NEW_PASSWORD) -> Response:
    body = {"token": token, "new_password": password}
    return api.post(reverse("v1:auth:password-reset-confirm"), body)


def test_changed_password_replaces_the_old_one(
    user_api: Client, user: User, mailoutbox: list[EmailMessage]
) -> None:
    assert change(user_api).status_code == 204
    url = reverse("v1:auth:token")
    assert Client().post(url, {"email": user.email, "password": PASSWORD}).status_code == 401
    assert Client().post(url, {"email": user.email, "password": NEW_PASSWORD}).status_code == 200
    assert [mail.to for mail in mailoutbox] == [[user.email]]
    assert mailoutbox[0].subject.startswith("Your password")
    assert NEW_PASSWORD not in str(mailoutbox[0].message())


def test_password_change_requires_the_current_password(
    user_api: Client, user: User, mailoutbox: list[EmailMessage]
) -> None:
    assert fields_of(change(user_api, current="wrong")) == {("current_password", "wrong_password")}
    user.refresh_from_db()
    assert user.check_password(PASSWORD)
    assert not mailoutbox
    assert user_api.get(reverse("v1:users:me")).status_code == 200


@every_weak_password
def test_password_change_rejects_weak_password(user_api: Client, user: User, weak: str, code: str) -> None:
    assert ("new_password", code) in fields_of(change(user_api, new=weak))
    user.refresh_from_db()
    assert user.check_password(PASSWORD)
    assert user_api.get(reverse("v1:users:me")).status_code == 200


def test_password_is_reset_by_emailed_link(
    api: Client, user: User, mailoutbox: list[EmailMessage], settings: Settings
) -> None:
    assert ask(api, user.email.upper()).status_code == 202
    token = token_in(mailoutbox[0])
    assert mailoutbox[0].to == [user.email]
    assert f"{settings.FRONTEND_URL}/reset-password?token={token}" in str(mailoutbox[0].body)
    assert re.fullmatch(r"[A-Za-z0-9_.-]+", token)
    assert confirm(api, token).status_code == 204
    api.login_by_token(user, NEW_PASSWORD)
    assert [mail.subject.split(" for ")[0] for mail in mailoutbox] == ["Reset your password", "Your password"]


def test_reset_request_response_is_the_same_and_mails_only_active_users(
    api: Client, mailoutbox: list[EmailMessage]
) -> None:
    UserFactory.create(email="known@example.com")
    UserFactory.create(email="inactive@example.com", is_active=False)
    answers = []
    for email in ("known@example.com", "inactive@example.com", "unknown@example.com"):
        response = ask(api, email)
        headers = {name: value for name, value in response.items() if name != "X-Request-ID"}
        answers.append((response.status_code, response.content, headers))
    assert answers[0][:2] == (202, b"")
    assert answers == [answers[0]] * 3
    assert [mail.to for mail in mailoutbox] == [["known@example.com"]]


def test_reset_link_works_once(api: Client, user: User, mailoutbox: list[EmailMessage]) -> None:
    ask(api, user.email)
    ask(api, user.email)
    first, second = (token_in(mail) for mail in mailoutbox)
    assert confirm(api, first).status_code == 204
    # The password change also invalidates the other link.
    for token in (first, second):
        assert fields_of(confirm(api, token, PASSWORD)) == {("token", "token_not_valid")}
    user.refresh_from_db()
    assert user.check_password(NEW_PASSWORD)


@pytest.mark.parametrize(("late", "status"), [(timedelta(seconds=-5), 204), (timedelta(seconds=5), 400)])
def test_reset_link_expires(
    user: User, mailoutbox: list[EmailMessage], settings: Settings, late: timedelta, status: int
) -> None:
    api = Client()
    ask(api, user.email)
    end = timezone.now() + settings.PASSWORD_LINK_TIMEOUT
    with time_machine.travel(end + late, tick=False):
        assert confirm(api, token_in(mailoutbox[0])).status_code == status
