"""Email change, which both the old and the new mailbox must confirm."""

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
from apps.users.services.accounts import user_deactivate, user_delete
from apps.users.services.sessions import session_end_all
from apps.users.tests.factories import UserFactory
from apps.users.tests.helpers import Response, at_once, fields_of, get_me, token_in
from conftest import Client

NEW = "new@example.com"


def ask(api: Client, new_email: Any = NEW) -> Response:
    return api.post(reverse("v1:auth:email-change"), {"new_email": new_email})


def confirm(token: str) -> Response:
    return Client().post(reverse("v1:auth:email-change-confirm"), {"token": token})


@pytest.fixture
def tokens(user_api: Client, user: User, mailoutbox: list[EmailMessage]) -> list[str]:
    """Return the tokens of the old and the new mailbox."""
    assert ask(user_api).status_code == 202
    assert [mail.to for mail in mailoutbox] == [[user.email], [NEW]]
    found = [token_in(mail) for mail in mailoutbox]
    mailoutbox.clear()
    return found


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_email_is_changed_after_both_mailboxes_confirm(
    user_api: Client, user: User, tokens: list[str], order: tuple[int, int]
) -> None:
    first, second = (tokens[position] for position in order)
    verified_at = user.email_verified_at
    assert confirm(first).status_code == 202
    user.refresh_from_db()
    assert user.email != NEW
    assert user_api.get(reverse("v1:users:me")).status_code == 200
    assert confirm(second).status_code == 204
    user.refresh_from_db()
    assert (user.email, user.new_email) == (NEW, "")
    assert user.email_verified_at != verified_at
    assert get_me(Client().login_by_token(user).access).json()["email"] == NEW


def test_email_change_ends_all_sessions(user_api: Client, user: User, tokens: list[str]) -> None:
    for token in tokens:
        confirm(token)
    assert user_api.get(reverse("v1:users:me")).status_code == 401
    assert not user.refresh_sessions.exists()


def test_links_work_once(tokens: list[str]) -> None:
    for token in tokens:
        confirm(token)
    for token in tokens:
        assert fields_of(confirm(token)) == {("token", "token_not_valid")}


def test_parallel_confirmations_change_the_email_once(
    transactional_db: None, mailoutbox: list[EmailMessage]
) -> None:
    user, api = UserFactory.create(), Client()
    api.login_by_token(user)
    ask(api)
    tokens = [token_in(mail) for mail in mailoutbox]
    responses = at_once([*[lambda: confirm(tokens[0])] * 2, *[lambda: confirm(tokens[1])] * 2])
    statuses = [response.status_code for response in responses]
    assert statuses.count(204) == statuses.count(202) == 1
    user.refresh_from_db()
    assert user.email == NEW


def test_later_request_replaces_the_earlier_one(
    user_api: Client, user: User, tokens: list[str], mailoutbox: list[EmailMessage]
) -> None:
    confirm(tokens[0])
    ask(user_api, "third@example.com")
    old, new = (token_in(mail) for mail in mailoutbox)
    for token in tokens:
        assert fields_of(confirm(token)) == {("token", "token_not_valid")}
    assert [confirm(new).status_code, confirm(old).status_code] == [202, 204]
    user.refresh_from_db()
    assert user.email == "third@example.com"


@pytest.mark.parametrize("owner", [{}, {"is_active": False}])
def test_response_does_not_depend_on_whether_new_email_is_registered(
    user_api: Client, user: User, mailoutbox: list[EmailMessage], owner: dict[str, Any]
) -> None:
    free = ask(user_api, "free@example.com")
    mailoutbox.clear()
    other = UserFactory.create(email=NEW, **owner)
    taken = ask(user_api, NEW.upper())
    assert (taken.status_code, taken.content) == (free.status_code, free.content) == (202, b"")
    assert [mail.to for mail in mailoutbox] == [[user.email], [NEW]]
    assert "?token=" not in str(mailoutbox[1].body)
    assert confirm(token_in(mailoutbox[0])).status_code == 202
    other.refresh_from_db()
    assert other.email == NEW


def test_unverified_registration_does_not_block_an_email(
    user_api: Client, user: User, mailoutbox: list[EmailMessage]
) -> None:
    stranger = UserFactory.create(email=NEW, email_verified_at=None)
    ask(user_api)
    responses = [confirm(token_in(mail)).status_code for mail in mailoutbox]
    assert responses == [202, 204]
    user.refresh_from_db()
    assert user.email == NEW
    assert not User.objects.filter(pk=stranger.pk).exists()


def test_email_registered_concurrently_is_rejected(user: User, tokens: list[str]) -> None:
    confirm(tokens[0])
    other = UserFactory.create(email=NEW)
    assert fields_of(confirm(tokens[1])) == {("token", "email_taken")}
    email = user.email
    user.refresh_from_db()
    assert user.email == email
    # The same link works once the email is free.
    other.delete()
    assert confirm(tokens[1]).status_code == 204


def test_own_email_is_rejected(user_api: Client, user: User, mailoutbox: list[EmailMessage]) -> None:
    assert fields_of(ask(user_api, f" {user.email.upper()}")) == {("new_email", "unchanged")}
    assert not mailoutbox


@pytest.mark.parametrize("end", [session_end_all, user_deactivate, user_delete])
def test_links_are_invalid_after_logout_everywhere(
    user: User, tokens: list[str], end: Callable[..., Any]
) -> None:
    end(user=user)
    for token in tokens:
        assert fields_of(confirm(token)) == {("token", "token_not_valid")}


@pytest.mark.parametrize(("late", "status"), [(timedelta(seconds=-5), 202), (timedelta(seconds=5), 400)])
def test_links_expire(tokens: list[str], settings: Settings, late: timedelta, status: int) -> None:
    with time_machine.travel(timezone.now() + settings.EMAIL_VERIFICATION_TIMEOUT + late, tick=False):
        assert confirm(tokens[1]).status_code == status
