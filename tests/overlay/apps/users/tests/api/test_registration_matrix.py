"""Registrations with all kinds of input."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.mail import EmailMessage
from django.db import IntegrityError, connection
from django.urls import reverse

from apps.users.models import User
from apps.users.services.accounts import user_deactivate, user_delete
from apps.users.tests.api.test_registration import EMAIL, OTHER_PASSWORD, STATES, register, resend, verify
from apps.users.tests.helpers import Response, at_once, fields_of, problem_of, token_in
from conftest import Client

pytestmark = pytest.mark.django_db


def reset(api: Client, token: str, password: str) -> Response:
    body = {"token": token, "new_password": password}
    return api.post(reverse("v1:auth:password-reset-confirm"), body)


def test_password_similar_to_the_name_is_rejected(api: Client) -> None:
    response = register(api, password="lovelace-12345", last_name="Lovelace")
    assert fields_of(response) == {("password", "password_too_similar")}


def test_registration_ignores_expired_token_in_the_header(api: Client) -> None:
    api.credentials(HTTP_AUTHORIZATION="Bearer spent")
    assert register(api).status_code == 202


def test_registration_raises_other_integrity_errors(api: Client) -> None:
    def refuse(execute: Callable[..., Any], sql: str, *args: Any) -> Any:
        if sql.startswith("INSERT"):
            raise IntegrityError
        return execute(sql, *args)

    with pytest.raises(IntegrityError), connection.execute_wrapper(refuse):
        register(api)


@pytest.mark.parametrize("end", [user_deactivate, user_delete, User.delete])
def test_link_of_deleted_or_deactivated_user_is_invalid(
    api: Client, mailoutbox: list[EmailMessage], end: Callable[..., Any]
) -> None:
    register(api)
    user = User.objects.get()
    end(user) if end is User.delete else end(user=user)
    assert fields_of(verify(api, token_in(mailoutbox[0]))) == {("token", "token_not_valid")}


@pytest.mark.parametrize("position", [0, 20, -1])
def test_tampered_link_is_rejected(api: Client, mailoutbox: list[EmailMessage], position: int) -> None:
    register(api)
    token = list(token_in(mailoutbox[0]))
    token[position] = "A" if token[position] != "A" else "B"
    assert fields_of(verify(api, "".join(token))) == {("token", "token_not_valid")}
    assert not User.objects.get().is_verified


@pytest.mark.parametrize(
    ("token", "code"),
    [
        ("", "blank"),
        ("x" * 4097, "max_length"),
        ("x" * 4096, "token_not_valid"),
        ("a.b.c", "token_not_valid"),
        ("…", "token_not_valid"),
        (None, "null"),
        ([], "invalid"),
    ],
)
def test_invalid_link_is_rejected(api: Client, token: Any, code: str) -> None:
    assert fields_of(verify(api, token)) == {("token", code)}


def test_stranger_who_registers_first_gets_no_account(api: Client, mailoutbox: list[EmailMessage]) -> None:
    register(api, first_name="Ada")
    register(api, password=OTHER_PASSWORD, first_name="Mallory")
    resend(api)
    old, new, again = (token_in(mail) for mail in mailoutbox)
    user = User.objects.get()
    assert user.first_name == "Ada"
    assert not user.has_usable_password()
    assert fields_of(verify(api, old)) == {("token", "token_not_valid")}
    # Only the emailed link sets a usable password, which also verifies the email.
    for token, status in ((new, 204), (again, 400)):
        assert reset(api, token, "the passphrase of the owner").status_code == status
    api.login_by_token(user, "the passphrase of the owner")


@pytest.mark.parametrize("password", ["short", "password1234", "918273645546372819", "ada@example.com"])
def test_weak_password_is_rejected_for_known_and_unknown_emails(
    api: Client, mailoutbox: list[EmailMessage], password: str
) -> None:
    unknown = register(api, password=password)
    assert {field for field, _ in fields_of(unknown)} == {"password"}
    assert not User.objects.exists()
    for state in ("unverified", "verified", "deactivated"):
        User.objects.all().delete()
        STATES[state]()
        assert problem_of(register(api, password=password), 400)["errors"] == unknown.json()["errors"]
    assert not mailoutbox


def test_reset_gives_registration_of_a_stranger_to_the_mailbox_owner(
    api: Client, mailoutbox: list[EmailMessage]
) -> None:
    register(api, password="the passphrase of a stranger")
    token = token_in(mailoutbox.pop())
    assert verify(api, token, "a passphrase of the owner").status_code == 400
    api.post(reverse("v1:auth:password-reset"), {"email": EMAIL})
    assert reset(api, token_in(mailoutbox.pop()), "a passphrase of the owner").status_code == 204
    login = {"email": EMAIL, "password": "the passphrase of a stranger"}
    assert api.post(reverse("v1:auth:token"), login).status_code == 401
    assert fields_of(verify(api, token, "the passphrase of a stranger")) == {("token", "token_not_valid")}
    api.login_by_token(User.objects.get(), "a passphrase of the owner")


def test_verification_requires_a_token_and_a_password(api: Client) -> None:
    response = api.post(reverse("v1:auth:verify-email"), {})
    assert fields_of(response) == {("token", "required"), ("password", "required")}


def test_verification_link_used_concurrently_works_once(
    transactional_db: None, mailoutbox: list[EmailMessage]
) -> None:
    register(Client())
    token = token_in(mailoutbox[0])
    responses = at_once(lambda: verify(Client(), token) for _ in range(4))
    assert sorted(response.status_code for response in responses) == [204, 400, 400, 400]


def test_verification_link_works_once(api: Client, mailoutbox: list[EmailMessage]) -> None:
    register(api)
    token = token_in(mailoutbox[0])
    assert verify(api, token).status_code == 204
    verified_at = User.objects.get().email_verified_at
    assert fields_of(verify(api, token)) == {("token", "token_not_valid")}
    assert User.objects.get().email_verified_at == verified_at
