"""Delivery of notifications through their channels."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO
from typing import TYPE_CHECKING, Any

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import transaction
from django.test import TestCase
from django.utils import timezone
from django.utils.translation import override

from apps.notifications.checks import check_api_url, check_kinds
from apps.notifications.models import Notification, Preference
from apps.notifications.services import notification_send, preference_set
from apps.notifications.tests.factories import NotificationFactory
from apps.users.exceptions import InvalidToken
from apps.users.services.accounts import user_deactivate, user_delete
from apps.users.tests.factories import UserFactory
from conftest import LANGUAGE

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.core.mail import EmailMessage, EmailMultiAlternatives
    from pytest_django import DjangoAssertNumQueries, Settings

    from apps.users.models import User

pytestmark = pytest.mark.django_db

Notifications = list[Notification]


def send(user: User, kind: str = "warning", **fields: Any) -> Notification | None:
    with TestCase.captureOnCommitCallbacks(execute=True):
        return notification_send(user=user, kind=kind, **{"title": "Paid <now>"} | fields)


def test_notification_is_sent_through_every_enabled_channel(
    user: User, paged: Notifications, mailoutbox: list[EmailMessage]
) -> None:
    notification = send(user, body="By card & cash.", data={"order": 7})

    assert notification == Notification.objects.get(user=user, kind="warning", read_at=None)
    (mail,) = mailoutbox
    assert (mail.to, mail.subject) == ([user.email], "Paid <now>")
    assert "By card & cash." in mail.body
    page = str(mail.alternatives[0][0])  # type: ignore[attr-defined]
    assert "Paid &lt;now&gt;" in page
    assert "By card &amp; cash." in page
    assert paged == [notification]


def test_mail_subject_allows_no_header_injection(user: User, mailoutbox: list[EmailMessage]) -> None:
    send(user, title="a\nBcc: b@example.com")
    assert mailoutbox[0].subject == "a Bcc: b@example.com"


@pytest.mark.parametrize("channel", ["in_app", "mail", "pager"])
def test_disabled_channel_does_not_affect_other_channels(
    user: User, paged: Notifications, mailoutbox: list[EmailMessage], channel: str
) -> None:
    preference_set(user=user, kind="warning", **{channel: False})
    notification = send(user)
    received = {"in_app": notification, "mail": mailoutbox, "pager": paged}
    assert {name for name, content in received.items() if content} == {"in_app", "mail", "pager"} - {channel}
    assert Notification.objects.exists() is (channel != "in_app")


def test_channels_default_to_the_settings(
    user: User, paged: Notifications, mailoutbox: list[EmailMessage]
) -> None:
    send(user, kind="message")
    assert (Notification.objects.count(), len(mailoutbox), len(paged)) == (1, 0, 1)
    preference_set(user=user, kind="message", mail=True)
    send(user, kind="message")
    assert len(mailoutbox) == 1


def test_preference_set_rejects_unknown_channel(user: User) -> None:
    with pytest.raises(ValueError, match="Unknown channels: fax"):
        preference_set(user=user, kind="message", fax=True)


def test_preference_set_rejects_deleted_account(user: User) -> None:
    user_delete(user=user)
    with pytest.raises(InvalidToken):
        preference_set(user=user, kind="message", mail=True)
    assert not Preference.objects.exists()


def test_rolled_back_notification_is_not_sent(user: User, mailoutbox: list[EmailMessage]) -> None:
    def fail() -> None:
        with transaction.atomic():
            notification_send(user=user, kind="warning", title="Paid")
            raise RuntimeError

    with TestCase.captureOnCommitCallbacks(execute=True), pytest.raises(RuntimeError):
        fail()
    assert (Notification.objects.count(), mailoutbox) == (0, [])


@pytest.mark.parametrize(
    ("field", "value"),
    [("kind", "gossip"), ("title", ""), ("title", "x" * 201), ("data", {"a": {1, 2}})],
)
def test_invalid_notification_is_rejected_and_not_sent(
    user: User, paged: Notifications, mailoutbox: list[EmailMessage], field: str, value: Any
) -> None:
    with pytest.raises(ValidationError) as error:
        send(user, **{field: value})
    assert list(error.value.message_dict) == [field]
    assert (Notification.objects.count(), mailoutbox, paged) == (0, [], [])


@pytest.mark.parametrize("end", [user_delete, user_deactivate])
def test_inactive_or_deleted_account_gets_no_notification(
    user: User, paged: Notifications, mailoutbox: list[EmailMessage], end: Callable[..., object]
) -> None:
    end(user=user)
    mailoutbox.clear()
    assert send(user) is None
    assert (Notification.objects.count(), mailoutbox, paged) == (0, [], [])


def test_unverified_email_gets_no_mail(paged: Notifications, mailoutbox: list[EmailMessage]) -> None:
    assert send(UserFactory.create(email_verified_at=None))
    assert mailoutbox == []
    assert len(paged) == 1


def test_mail_template_uses_active_language(user: User, mailoutbox: list[EmailMultiAlternatives]) -> None:
    with override(LANGUAGE):
        send(user)
    assert f'<html lang="{LANGUAGE}"' in str(mailoutbox[0].alternatives[0][0])


def test_notification_send_needs_five_queries_and_a_savepoint(
    user: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    # Uniqueness of the key, user, preferences, schedule and insert, within a savepoint.
    with django_assert_num_queries(7):
        notification_send(user=user, kind="message", title="Paid")


def test_account_deletion_deletes_notifications_and_preferences(user: User) -> None:
    NotificationFactory.create(user=user)
    preference_set(user=user, kind="message", mail=True)
    kept = NotificationFactory.create()
    user_delete(user=user)
    assert list(Notification.objects.all()) == [kept]
    assert not Preference.objects.exists()


def test_purge_removes_notifications_read_long_ago() -> None:
    now = timezone.now()
    old = now - timedelta(days=91)
    NotificationFactory.create(read_at=old, created_at=old)
    kept = {
        NotificationFactory.create(created_at=old),
        NotificationFactory.create(created_at=old, read_at=now - timedelta(days=89)),
    }

    def said(**options: bool) -> str:
        output = StringIO()
        call_command("purge_notifications", stdout=output, **options)
        return output.getvalue().strip()

    assert said(dry_run=True) == "1 notifications to remove."
    assert Notification.objects.count() == 3
    assert said() == "1 notifications removed."
    assert set(Notification.objects.all()) == kept


def test_check_reports_unknown_channel_and_kind(settings: Settings) -> None:
    assert check_kinds() == []
    settings.NOTIFICATION_KINDS = {"message": ("in-app",)}
    assert [(error.id, error.msg) for error in check_kinds()] == [
        ("notifications.E001", "NOTIFICATION_KINDS: message has unknown channels: in-app"),
        ("notifications.E002", "NOTIFICATION_URGENT_KINDS has unknown kinds: warning"),
    ]


def test_check_requires_https_in_unsubscribe_links(settings: Settings) -> None:
    settings.API_URL = "https://api.example.com"
    assert check_api_url() == []
    settings.API_URL = "http://localhost:8000"
    assert [warning.id for warning in check_api_url()] == ["notifications.W001"]
