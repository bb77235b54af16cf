"""Mailbox limit: rare orders of requests."""

import pytest
from django.core.mail import EmailMessage
from django.urls import reverse
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from apps.users.models import User
from apps.users.services.mails import mail_user
from apps.users.services.passwords import password_set
from apps.users.tests.factories import PASSWORD
from apps.users.tests.helpers import fields_of, token_in
from apps.users.tests.test_mails import ask
from conftest import Client

pytestmark = pytest.mark.django_db

ENDPOINTS = ["register", "resend-verification", "password-reset"]


@pytest.fixture(autouse=True)
def _limit(settings: Settings) -> None:
    settings.THROTTLE_RATES = settings.THROTTLE_RATES | {"mailbox": "3/hour,4/day"}


@pytest.mark.parametrize("name", ENDPOINTS)
def test_mailbox_limit_applies_to_new_registration(mailoutbox: list[EmailMessage], name: str) -> None:
    assert ask("register", "ada@example.com") == 202
    assert [ask(name, "ada@example.com") for _ in range(5)] == [202] * 5
    assert len(mailoutbox) == 3
    assert ask("register", "grace@example.com") == 202
    assert len(mailoutbox) == 4


def test_links_stay_valid_after_many_registrations(mailoutbox: list[EmailMessage], api: Client) -> None:
    for _ in range(6):
        ask("register", "ada@example.com")
    body = {"token": token_in(mailoutbox[-1]), "new_password": PASSWORD}
    assert api.post(reverse("v1:auth:password-reset-confirm"), body).status_code == 204
    assert fields_of(api.post(reverse("v1:auth:password-reset-confirm"), body)) == {
        ("token", "token_not_valid")
    }


def test_mail_to_requested_email_counts_for_that_mailbox(
    user: User,
    mailoutbox: list[EmailMessage],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    def send(to: str) -> None:
        user.new_email = to
        user.save()
        with django_capture_on_commit_callbacks(execute=True):
            mail_user(user, "confirm_new_email")

    for email in ["new@example.com"] * 5 + ["other@example.com"]:
        send(email)

    assert [mail.to for mail in mailoutbox] == [["new@example.com"]] * 3 + [["other@example.com"]]


def test_registrations_by_strangers_do_not_use_up_the_limit_of_links(
    user: User, mailoutbox: list[EmailMessage]
) -> None:
    for _ in range(5):
        ask("register", user.email)
    assert len(mailoutbox) == 3
    mailoutbox.clear()
    ask("password-reset", user.email)
    assert [mail.to for mail in mailoutbox] == [[user.email]]
    assert token_in(mailoutbox[0])


def test_notices_are_exempt_from_the_mailbox_limit(
    user: User,
    mailoutbox: list[EmailMessage],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    for _ in range(5):
        ask("password-reset", user.email)
    mailoutbox.clear()
    with django_capture_on_commit_callbacks(execute=True):
        password_set(user=user, password="quite another passphrase")
    assert [mail.subject.split(" for ")[0] for mail in mailoutbox] == ["Your password"]


def test_mailbox_limit_is_logged_without_the_email(user: User, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(4):
        ask("password-reset", user.email)
    assert caplog.text.count("mailbox_limited") == 1
    assert user.email not in caplog.text
