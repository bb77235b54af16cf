"""Registrations of known emails and with invalid fields."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.core.mail import EmailMessage
from django.db import connection
from django.urls import reverse
from pytest_django import Settings

from apps.users.models import User
from apps.users.tests.api.test_registration import EMAIL, OTHER_PASSWORD, register, verify
from apps.users.tests.api.test_registration_matrix import reset
from apps.users.tests.factories import PASSWORD, UserFactory
from apps.users.tests.helpers import at_once, fields_of, problem_of, token_in
from conftest import Client

pytestmark = pytest.mark.django_db

STATES: dict[str, Callable[[], User | None]] = {
    "unknown": lambda: None,
    "unverified": lambda: UserFactory.create(email=EMAIL, email_verified_at=None),
    "verified": lambda: UserFactory.create(email=EMAIL),
    "deactivated": lambda: UserFactory.create(email=EMAIL, is_active=False),
    "deactivated before": lambda: UserFactory.create(email=EMAIL, is_active=False, email_verified_at=None),
}
every_state = pytest.mark.parametrize("create", STATES.values(), ids=STATES)


@every_state
def test_registration_hashes_one_password_also_for_known_email(
    api: Client, create: Callable[[], User | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    create()
    hashed: list[str] = []
    encode = MD5PasswordHasher.encode

    def count(hasher: MD5PasswordHasher, password: str, salt: str) -> str:
        hashed.append(password)
        return encode(hasher, password, salt)

    monkeypatch.setattr(MD5PasswordHasher, "encode", count)
    register(api)

    assert hashed == [PASSWORD]


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({}, {("email", "required"), ("password", "required")}),
        ({"email": "ada", "password": PASSWORD}, {("email", "invalid")}),
        ({"email": "", "password": ""}, {("email", "blank"), ("password", "blank")}),
        ({"email": f"{'a' * 250}@example.com", "password": PASSWORD}, {("email", "max_length")}),
        ({"email": EMAIL, "password": "long " * 26}, {("password", "max_length")}),
        ({"email": EMAIL, "password": PASSWORD, "first_name": "A" * 151}, {("first_name", "max_length")}),
        ({"email": EMAIL, "password": PASSWORD, "last_name": None}, {("last_name", "null")}),
    ],
)
def test_registration_reports_every_invalid_field(
    api: Client, body: dict[str, Any], errors: set[tuple[str, str]]
) -> None:
    response = api.post(reverse("v1:auth:register"), body)
    assert fields_of(response) == errors
    assert not User.objects.exists()


def test_registration_response_is_the_same_after_a_race(api: Client, mailoutbox: list[EmailMessage]) -> None:
    faster = [UserFactory.build(email=EMAIL)]

    def other_request_first(execute: Callable[..., Any], sql: str, *args: Any) -> Any:
        if faster and sql.startswith("INSERT"):
            User.objects.bulk_create([faster.pop()])
        return execute(sql, *args)

    with connection.execute_wrapper(other_request_first):
        response = register(api, password=OTHER_PASSWORD)

    assert response.status_code == 202
    assert User.objects.get().check_password(PASSWORD)
    assert [mail.subject.split(" at ")[0] for mail in mailoutbox] == ["You have an account"]


def test_link_is_invalid_after_email_change(api: Client, mailoutbox: list[EmailMessage]) -> None:
    register(api)
    User.objects.update(email="mallory@example.com")
    assert fields_of(verify(api, token_in(mailoutbox[0]))) == {("token", "token_not_valid")}


def test_concurrent_registrations_create_one_user(
    transactional_db: None, mailoutbox: list[EmailMessage]
) -> None:
    api, passwords = Client(), [PASSWORD, OTHER_PASSWORD]
    responses = at_once(partial(register, Client(), password=password) for password in passwords)

    assert [response.status_code for response in responses] == [202, 202]
    assert User.objects.count() == 1
    # In any order of requests and emails, exactly one link works.
    links = [token_in(mail) for mail in mailoutbox]
    statuses = [
        answer.status_code
        for link in links
        for answer in (*(verify(api, link, password) for password in passwords), reset(api, link, PASSWORD))
    ]
    assert statuses.count(204) == 1
    assert statuses.count(400) == len(statuses) - 1


def test_wrong_passwords_of_a_verification_count_as_failed_logins(
    api: Client, mailoutbox: list[EmailMessage], settings: Settings
) -> None:
    settings.AXES_FAILURE_LIMIT = 3
    register(api)
    token = token_in(mailoutbox[0])
    statuses = [verify(api, token, OTHER_PASSWORD).status_code for _ in range(3)]
    assert statuses == [400, 400, 429]
    assert problem_of(verify(api, token), 429)["type"] == "urn:problem:locked_out"
    assert not User.objects.get().is_verified


def test_link_is_invalid_for_another_purpose(api: Client, mailoutbox: list[EmailMessage]) -> None:
    register(api)
    api.post(reverse("v1:auth:password-reset"), {"email": EMAIL})
    verification, reset = (token_in(mail) for mail in mailoutbox)
    confirm = reverse("v1:auth:password-reset-confirm")
    exchanged = api.post(confirm, {"token": verification, "new_password": OTHER_PASSWORD})
    assert fields_of(verify(api, reset)) == {("token", "token_not_valid")}
    assert fields_of(exchanged) == {("token", "token_not_valid")}
    # Each is valid for its own purpose.
    assert verify(api, verification).status_code == 204
