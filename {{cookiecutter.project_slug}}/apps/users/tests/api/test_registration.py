import re
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
import time_machine
from django.contrib.auth.hashers import MD5PasswordHasher
from django.core.mail import EmailMessage
from django.db import IntegrityError, connection
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from apps.users.models import User
from apps.users.services.accounts import user_deactivate, user_delete
from apps.users.tests.factories import PASSWORD, UserFactory
from apps.users.tests.helpers import Response, at_once, fields_of, problem_of, token_in
from conftest import Client

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


def reset(api: Client, token: str, password: str) -> Response:
    body = {"token": token, "new_password": password}
    return api.post(reverse("v1:auth:password-reset-confirm"), body)


def resend(api: Client, email: str = EMAIL) -> Response:
    return api.post(reverse("v1:auth:resend-verification"), {"email": email})


def seen_by_the_client(response: Response) -> tuple[int, bytes, dict[str, str]]:
    headers = {name: value for name, value in response.items() if name != "X-Request-ID"}
    return response.status_code, response.content, headers


@pytest.mark.django_db
def test_registration_creates_an_unverified_user(api: Client) -> None:
    response = register(api, first_name="Ada", last_name="Lovelace")

    assert response.status_code == 202
    user = User.objects.get()
    assert (user.email, user.first_name, user.last_name) == (EMAIL, "Ada", "Lovelace")
    assert not user.is_verified
    assert user.is_active
    assert user.check_password(PASSWORD)


@pytest.mark.django_db
def test_registered_user_verifies_the_email_and_logs_in(
    api: Client,
    mailoutbox: list[EmailMessage],
) -> None:
    register(api)
    assert verify(api, token_in(mailoutbox[0])).status_code == 204
    assert [mail.to for mail in mailoutbox] == [[EMAIL], [EMAIL]]
    assert "Welcome" in mailoutbox[1].subject

    api.login_by_token(User.objects.get())


@pytest.mark.django_db
@every_state
def test_registration_response_is_the_same_for_known_email(
    api: Client,
    create: Callable[[], User | None],
) -> None:
    create()
    expected = seen_by_the_client(register(api, "nobody@example.com"))

    assert seen_by_the_client(register(api)) == expected
    assert expected[:2] == (202, b"")


@pytest.mark.django_db
@every_state
def test_registration_hashes_one_password_also_for_known_email(
    api: Client,
    create: Callable[[], User | None],
    monkeypatch: pytest.MonkeyPatch,
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


@pytest.mark.django_db
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
    api: Client,
    mailoutbox: list[EmailMessage],
    state: str,
    subject: str,
) -> None:
    STATES[state]()
    register(api)

    assert len(mailoutbox) == 1
    assert mailoutbox[0].to == [EMAIL]
    assert mailoutbox[0].subject.startswith(subject)


@pytest.mark.django_db
@pytest.mark.parametrize("state", ["verified", "deactivated", "deactivated before"])
def test_registration_does_not_change_existing_account(api: Client, state: str) -> None:
    STATES[state]()
    before = User.objects.values().get()

    register(api, password=OTHER_PASSWORD, first_name="Mallory")

    assert User.objects.values().get() == before


@pytest.mark.django_db
def test_registration_ignores_case_of_email(api: Client, mailoutbox: list[EmailMessage]) -> None:
    register(api, "Ada@Example.COM")
    register(api, " ADA@example.com ")

    assert User.objects.get().email == EMAIL
    assert [mail.to for mail in mailoutbox] == [[EMAIL], [EMAIL]]


@pytest.mark.django_db
def test_stranger_who_registers_first_gets_no_account(
    api: Client,
    mailoutbox: list[EmailMessage],
) -> None:
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


@pytest.mark.django_db
@pytest.mark.parametrize("password", ["short", "password1234", "918273645546372819", "ada@example.com"])
def test_weak_password_is_rejected_for_known_and_unknown_emails(
    api: Client,
    mailoutbox: list[EmailMessage],
    password: str,
) -> None:
    unknown = register(api, password=password)
    assert {field for field, _ in fields_of(unknown)} == {"password"}
    assert not User.objects.exists()

    for state in ("unverified", "verified", "deactivated"):
        User.objects.all().delete()
        STATES[state]()
        assert problem_of(register(api, password=password), 400)["errors"] == unknown.json()["errors"]
    assert not mailoutbox


@pytest.mark.django_db
def test_password_similar_to_the_name_is_rejected(api: Client) -> None:
    response = register(api, password="lovelace-12345", last_name="Lovelace")

    assert fields_of(response) == {("password", "password_too_similar")}


@pytest.mark.django_db
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
    api: Client,
    body: dict[str, Any],
    errors: set[tuple[str, str]],
) -> None:
    response = api.post(reverse("v1:auth:register"), body)

    assert fields_of(response) == errors
    assert not User.objects.exists()


@pytest.mark.django_db
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


@pytest.mark.django_db
def test_registration_ignores_expired_token_in_the_header(api: Client) -> None:
    api.credentials(HTTP_AUTHORIZATION="Bearer spent")

    assert register(api).status_code == 202


@pytest.mark.django_db
def test_registration_response_is_the_same_after_a_race(
    api: Client,
    mailoutbox: list[EmailMessage],
) -> None:
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


@pytest.mark.django_db
def test_registration_raises_other_integrity_errors(api: Client) -> None:
    def refuse(execute: Callable[..., Any], sql: str, *args: Any) -> Any:
        if sql.startswith("INSERT"):
            raise IntegrityError
        return execute(sql, *args)

    with pytest.raises(IntegrityError), connection.execute_wrapper(refuse):
        register(api)


def test_concurrent_registrations_create_one_user(
    transactional_db: None,
    mailoutbox: list[EmailMessage],
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
        for answer in (
            *(verify(api, link, password) for password in passwords),
            reset(api, link, PASSWORD),
        )
    ]
    assert statuses.count(204) == 1
    assert statuses.count(400) == len(statuses) - 1


@pytest.mark.django_db
def test_verification_requires_the_password_of_the_registration(
    api: Client,
    mailoutbox: list[EmailMessage],
) -> None:
    register(api)
    token = token_in(mailoutbox[0])

    response = verify(api, token, OTHER_PASSWORD)

    assert fields_of(response) == {("password", "wrong_password")}
    assert "Reset it" in response.json()["errors"][0]["message"]
    assert not User.objects.get().is_verified
    assert verify(api, token).status_code == 204


@pytest.mark.django_db
def test_reset_gives_registration_of_a_stranger_to_the_mailbox_owner(
    api: Client,
    mailoutbox: list[EmailMessage],
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


@pytest.mark.django_db
def test_wrong_passwords_of_a_verification_count_as_failed_logins(
    api: Client,
    mailoutbox: list[EmailMessage],
    settings: Settings,
) -> None:
    settings.AXES_FAILURE_LIMIT = 3
    register(api)
    token = token_in(mailoutbox[0])

    statuses = [verify(api, token, OTHER_PASSWORD).status_code for _ in range(3)]

    assert statuses == [400, 400, 429]
    assert problem_of(verify(api, token), 429)["type"] == "urn:problem:locked_out"
    assert not User.objects.get().is_verified


@pytest.mark.django_db
def test_verification_requires_a_token_and_a_password(api: Client) -> None:
    response = api.post(reverse("v1:auth:verify-email"), {})

    assert fields_of(response) == {("token", "required"), ("password", "required")}


@pytest.mark.django_db
def test_verification_link_leads_to_the_web_application(
    api: Client,
    mailoutbox: list[EmailMessage],
    settings: Settings,
) -> None:
    register(api)

    lines = str(mailoutbox[0].body).splitlines()
    links = [line for line in lines if line.startswith(f"{settings.FRONTEND_URL}/verify-email?token=")]
    assert len(links) == 1
    assert re.fullmatch(r"[A-Za-z0-9_.-]+", token_in(mailoutbox[0]))
    html = mailoutbox[0].alternatives[0][0]  # type: ignore[attr-defined] # a mail with an HTML part
    assert f'href="{links[0]}"' in html


@pytest.mark.django_db
def test_verification_link_works_once(api: Client, mailoutbox: list[EmailMessage]) -> None:
    register(api)
    token = token_in(mailoutbox[0])

    assert verify(api, token).status_code == 204
    verified_at = User.objects.get().email_verified_at
    assert fields_of(verify(api, token)) == {("token", "token_not_valid")}
    assert User.objects.get().email_verified_at == verified_at


def test_verification_link_used_concurrently_works_once(
    transactional_db: None,
    mailoutbox: list[EmailMessage],
) -> None:
    register(Client())
    token = token_in(mailoutbox[0])

    responses = at_once(lambda: verify(Client(), token) for _ in range(4))

    assert sorted(response.status_code for response in responses) == [204, 400, 400, 400]


@pytest.mark.django_db
@pytest.mark.parametrize(("late", "status"), [(timedelta(seconds=-5), 204), (timedelta(seconds=5), 400)])
def test_verification_link_expires(
    api: Client,
    mailoutbox: list[EmailMessage],
    settings: Settings,
    late: timedelta,
    status: int,
) -> None:
    register(api)

    with time_machine.travel(timezone.now() + settings.EMAIL_VERIFICATION_TIMEOUT + late, tick=False):
        assert verify(api, token_in(mailoutbox[0])).status_code == status


@pytest.mark.django_db
def test_link_is_invalid_for_another_purpose(
    api: Client,
    mailoutbox: list[EmailMessage],
) -> None:
    register(api)
    api.post(reverse("v1:auth:password-reset"), {"email": EMAIL})
    verification, reset = (token_in(mail) for mail in mailoutbox)

    confirm = reverse("v1:auth:password-reset-confirm")
    exchanged = api.post(confirm, {"token": verification, "new_password": OTHER_PASSWORD})
    assert fields_of(verify(api, reset)) == {("token", "token_not_valid")}
    assert fields_of(exchanged) == {("token", "token_not_valid")}

    # Each is valid for its own purpose.
    assert verify(api, verification).status_code == 204


@pytest.mark.django_db
@pytest.mark.parametrize("end", [user_deactivate, user_delete, User.delete])
def test_link_of_deleted_or_deactivated_user_is_invalid(
    api: Client,
    mailoutbox: list[EmailMessage],
    end: Callable[..., Any],
) -> None:
    register(api)
    user = User.objects.get()
    end(user) if end is User.delete else end(user=user)

    assert fields_of(verify(api, token_in(mailoutbox[0]))) == {("token", "token_not_valid")}


@pytest.mark.django_db
def test_link_is_invalid_after_email_change(api: Client, mailoutbox: list[EmailMessage]) -> None:
    register(api)
    User.objects.update(email="mallory@example.com")

    assert fields_of(verify(api, token_in(mailoutbox[0]))) == {("token", "token_not_valid")}


@pytest.mark.django_db
@pytest.mark.parametrize("position", [0, 20, -1])
def test_tampered_link_is_rejected(api: Client, mailoutbox: list[EmailMessage], position: int) -> None:
    register(api)
    token = list(token_in(mailoutbox[0]))
    token[position] = "A" if token[position] != "A" else "B"

    assert fields_of(verify(api, "".join(token))) == {("token", "token_not_valid")}
    assert not User.objects.get().is_verified


@pytest.mark.django_db
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


@pytest.mark.django_db
@every_state
def test_resend_response_is_the_same_and_mails_only_unverified_users(
    api: Client,
    mailoutbox: list[EmailMessage],
    create: Callable[[], User | None],
) -> None:
    expected = seen_by_the_client(resend(api, "nobody@example.com"))
    user = create()

    assert seen_by_the_client(resend(api, "ADA@example.com")) == expected
    assert expected[:2] == (202, b"")
    if user and user.is_active and not user.is_verified:
        assert verify(api, token_in(mailoutbox.pop(0))).status_code == 204
        assert mailoutbox.pop().subject.startswith("Welcome")
    assert not mailoutbox
