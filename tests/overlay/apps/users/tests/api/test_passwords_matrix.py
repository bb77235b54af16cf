"""Password changes and resets with all kinds of input."""

from typing import Any

import pytest
from django.core.mail import EmailMessage
from django.urls import reverse
from pytest_django import Settings

from apps.users.models import User
from apps.users.services.accounts import user_deactivate
from apps.users.tests.api.test_passwords import NEW_PASSWORD, WEAK_PASSWORDS, ask, change, confirm
from apps.users.tests.factories import PASSWORD, UserFactory
from apps.users.tests.helpers import at_once, fields_of, token_in
from conftest import Client

pytestmark = pytest.mark.django_db

every_weak_password = pytest.mark.parametrize(("weak", "code"), WEAK_PASSWORDS.items())


def test_password_change_rejects_the_email_as_password(user_api: Client, user: User) -> None:
    assert fields_of(change(user_api, new=user.email)) == {("new_password", "password_too_similar")}


def test_password_change_requires_both_passwords(user_api: Client) -> None:
    response = user_api.post(reverse("v1:auth:password-change"), {})
    assert fields_of(response) == {("current_password", "required"), ("new_password", "required")}


def test_reset_keeps_the_verification_time(api: Client, user: User, mailoutbox: list[EmailMessage]) -> None:
    ask(api, user.email)
    confirm(api, token_in(mailoutbox[0]))
    assert User.objects.get().email_verified_at == user.email_verified_at


def test_reset_sets_password_of_account_without_one(api: Client, mailoutbox: list[EmailMessage]) -> None:
    user = UserFactory.create(password=None)
    ask(api, user.email)
    assert confirm(api, token_in(mailoutbox[0])).status_code == 204
    api.login_by_token(user, NEW_PASSWORD)


@pytest.mark.parametrize(
    ("token", "code"),
    [("", "blank"), ("x" * 4097, "max_length"), ("x" * 4096, "token_not_valid"), ("…", "token_not_valid")],
)
def test_invalid_reset_link_is_rejected(api: Client, token: str, code: str) -> None:
    assert fields_of(confirm(api, token)) == {("token", code)}


@pytest.mark.parametrize(
    ("email", "code"), [("", "blank"), ("ada", "invalid"), (None, "null"), ([], "invalid")]
)
def test_reset_requires_an_email(api: Client, email: Any, code: str) -> None:
    response = api.post(reverse("v1:auth:password-reset"), {"email": email})
    assert fields_of(response) == {("email", code)}


def test_reset_link_is_invalid_after_password_change(
    user_api: Client, user: User, mailoutbox: list[EmailMessage]
) -> None:
    ask(user_api, user.email)
    change(user_api)
    assert fields_of(confirm(user_api, token_in(mailoutbox[0]))) == {("token", "token_not_valid")}


@every_weak_password
def test_reset_link_stays_valid_after_weak_password(
    api: Client, user: User, mailoutbox: list[EmailMessage], weak: str, code: str
) -> None:
    ask(api, user.email)
    token = token_in(mailoutbox[0])
    assert ("new_password", code) in fields_of(confirm(api, token, weak))
    assert confirm(api, token).status_code == 204


def test_wrong_current_passwords_count_as_failed_logins(
    user_api: Client, user: User, settings: Settings
) -> None:
    settings.AXES_FAILURE_LIMIT = 3
    statuses = [change(user_api, current="wrong").status_code for _ in range(3)]
    assert statuses == [400, 400, 429]
    assert change(user_api).status_code == 429
    login = Client().post(reverse("v1:auth:token"), {"email": user.email, "password": PASSWORD})
    assert login.status_code == 429


def test_reset_verifies_the_email(api: Client, mailoutbox: list[EmailMessage]) -> None:
    user = UserFactory.create(email_verified_at=None)
    ask(api, user.email)
    confirm(api, token_in(mailoutbox[0]))
    api.login_by_token(user, NEW_PASSWORD)


def test_reset_link_used_concurrently_works_once(
    transactional_db: None, mailoutbox: list[EmailMessage]
) -> None:
    ask(Client(), UserFactory.create().email)
    token = token_in(mailoutbox[0])
    responses = at_once(lambda: confirm(Client(), token) for _ in range(3))
    assert sorted(response.status_code for response in responses) == [204, 400, 400]


def test_reset_link_is_invalid_for_deactivated_user(
    api: Client, user: User, mailoutbox: list[EmailMessage]
) -> None:
    ask(api, user.email)
    User.objects.update(is_active=False)
    assert fields_of(confirm(api, token_in(mailoutbox[0]))) == {("token", "token_not_valid")}
    # Also rejected after reactivation.
    user_deactivate(user=user)
    User.objects.update(is_active=True)
    assert fields_of(confirm(api, token_in(mailoutbox[0]))) == {("token", "token_not_valid")}
