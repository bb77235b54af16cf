"""Registrations with all kinds of input."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.mail import EmailMessage
from django.db import IntegrityError, connection
from django.urls import reverse

from apps.users.models import User
from apps.users.services.accounts import user_deactivate, user_delete
from apps.users.tests.factories import PASSWORD
from apps.users.tests.helpers import Response, fields_of, token_in
from conftest import Client

pytestmark = pytest.mark.django_db


EMAIL = "ada@example.com"


def register(api: Client, email: str = EMAIL, password: str = PASSWORD, **fields: Any) -> Response:
    return api.post(reverse("v1:auth:register"), {"email": email, "password": password, **fields})


def verify(api: Client, token: str, password: str = PASSWORD) -> Response:
    return api.post(reverse("v1:auth:verify-email"), {"token": token, "password": password})


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
