"""Email changes: rare orders of requests."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.mail import EmailMessage
from django.urls import reverse
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from apps.users.models import User
from apps.users.services.accounts import user_deactivate, user_delete
from apps.users.services.emails import email_change_request
from apps.users.services.sessions import session_end_all
from apps.users.tests.api.test_email_change import NEW, ask, confirm
from apps.users.tests.factories import PASSWORD, UserFactory
from apps.users.tests.helpers import at_once, fields_of, token_in
from apps.users.tokens import EMAIL_CHANGE
from conftest import Client


@pytest.fixture
def tokens(user_api: Client, user: User, mailoutbox: list[EmailMessage]) -> list[str]:
    """Return the tokens of the old and the new mailbox."""
    assert ask(user_api).status_code == 202
    assert [mail.to for mail in mailoutbox] == [[user.email], [NEW]]
    found = [token_in(mail) for mail in mailoutbox]
    mailoutbox.clear()
    return found


@pytest.mark.parametrize("mailbox", ["old", "new"])
def test_token_without_a_pending_request_is_rejected(user: User, mailbox: str) -> None:
    assert fields_of(confirm(EMAIL_CHANGE[mailbox].make(user))) == {("token", "token_not_valid")}
    user.refresh_from_db()
    assert (bool(user.email), user.new_email_confirmed_by) == (True, "")


def test_delayed_mails_do_not_reach_another_mailbox(
    user: User,
    mailoutbox: list[EmailMessage],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with django_capture_on_commit_callbacks() as waiting:
        for number in range(3):
            email_change_request(user=user, new_email=f"decoy{number}@example.com")
        email_change_request(user=user, new_email=NEW)
    for send in waiting:
        send()
    assert [mail.to for mail in mailoutbox if mail.to != [user.email]] == [[NEW]]
    assert [mail.to for mail in mailoutbox].count([user.email]) == 4


def test_rejected_change_keeps_the_sessions(user_api: Client, tokens: list[str]) -> None:
    confirm(tokens[0])
    UserFactory.create(email=NEW)
    confirm(tokens[1])
    assert user_api.get(reverse("v1:users:me")).status_code == 200


@pytest.mark.parametrize(
    ("new_email", "code"), [("", "blank"), ("ada", "invalid"), (None, "null"), ([], "invalid")]
)
def test_new_email_must_be_valid(user_api: Client, new_email: Any, code: str) -> None:
    assert fields_of(ask(user_api, new_email)) == {("new_email", code)}


def test_requested_email_is_deleted_with_the_account(user: User, tokens: list[str]) -> None:
    user.refresh_from_db()
    assert user.new_email == NEW
    user_delete(user=user)
    assert User.objects.get().new_email == ""


def test_email_change_invalidates_password_reset_links(
    user: User, tokens: list[str], mailoutbox: list[EmailMessage]
) -> None:
    Client().post(reverse("v1:auth:password-reset"), {"email": user.email})
    reset = token_in(mailoutbox[0])
    for token in tokens:
        confirm(token)
    body = {"token": reset, "new_password": f"new {PASSWORD}"}
    response = Client().post(reverse("v1:auth:password-reset-confirm"), body)
    assert fields_of(response) == {("token", "token_not_valid")}


@pytest.mark.parametrize("position", [0, 1])
def test_confirmation_by_one_mailbox_twice_is_rejected(user: User, tokens: list[str], position: int) -> None:
    assert confirm(tokens[position]).status_code == 202
    assert fields_of(confirm(tokens[position])) == {("token", "token_not_valid")}
    user.refresh_from_db()
    assert user.email != NEW


def test_links_lead_to_the_web_application(
    user_api: Client, mailoutbox: list[EmailMessage], settings: Settings
) -> None:
    ask(user_api)
    for mail in mailoutbox:
        assert f"{settings.FRONTEND_URL}/change-email?token={token_in(mail)}" in str(mail.body)


@pytest.mark.django_db
def test_concurrently_deleted_account_keeps_no_requested_email(user: User) -> None:
    stale = User.objects.get()
    user_delete(user=user)
    api = Client()
    # The state at the start of the request.
    api.force_authenticate(stale)
    body = {"new_email": NEW, "current_password": PASSWORD}
    assert api.post(reverse("v1:auth:email-change"), body).status_code == 401
    assert User.objects.get().new_email == ""


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
