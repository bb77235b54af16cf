"""Email change, which both the old and the new mailbox must confirm."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.mail import EmailMessage
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from apps.users.models import User
from apps.users.tests.factories import UserFactory
from apps.users.tests.helpers import Response, fields_of, get_me, token_in
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


@pytest.mark.parametrize(("late", "status"), [(timedelta(seconds=-5), 202), (timedelta(seconds=5), 400)])
def test_links_expire(tokens: list[str], settings: Settings, late: timedelta, status: int) -> None:
    with time_machine.travel(timezone.now() + settings.EMAIL_VERIFICATION_TIMEOUT + late, tick=False):
        assert confirm(tokens[1]).status_code == status
