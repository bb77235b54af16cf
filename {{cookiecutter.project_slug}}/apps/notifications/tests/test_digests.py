"""Notifications that wait for a digest or for the end of quiet hours."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from functools import partial
from io import StringIO
from typing import TYPE_CHECKING, Any

import pytest
import time_machine
from django.core.management import call_command
from django.test import TestCase
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, override

from apps.notifications.channels import CHANNELS, DIGESTS
from apps.notifications.digests import digests_send_due
from apps.notifications.models import DeferredNotification, Digest, Notification, Schedule
from apps.notifications.services import (
    notification_purge,
    notification_read_all,
    notification_send,
    preference_set,
    schedule_set,
)
from apps.notifications.tests.factories import DeferredNotificationFactory, ScheduleFactory
from apps.users.models import User
from apps.users.services.accounts import user_deactivate, user_delete
from apps.users.tests.factories import UserFactory
from apps.users.tests.helpers import at_once

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from django.core.mail import EmailMultiAlternatives
    from pytest_django import Settings
    from time_machine import Traveller as Clock

    from conftest import Client

pytestmark = pytest.mark.django_db

Mails = list["EmailMultiAlternatives"]
# A Thursday.
NIGHT = datetime(2030, 1, 10, 23, 30, tzinfo=UTC)
QUIET = {"quiet_from": time(22), "quiet_until": time(7)}


@pytest.fixture(autouse=True)
def clock(settings: Settings) -> Iterator[Clock]:
    """Stop the clock at night; the kinds `message` and `warning` are sent by mail, `warning` is urgent."""
    settings.TIME_ZONE = "UTC"
    settings.NOTIFICATION_KINDS = {"message": ("in_app", "mail"), "news": ("mail",), "warning": ("mail",)}
    settings.NOTIFICATION_URGENT_KINDS = {"warning"}
    with time_machine.travel(NIGHT, tick=False) as traveller:
        yield traveller


def send(user: User, kind: str = "message", **fields: Any) -> None:
    with TestCase.captureOnCommitCallbacks(execute=True):
        notification_send(user=user, kind=kind, **{"title": "Paid"} | fields)


def run() -> str:
    output = StringIO()
    with TestCase.captureOnCommitCallbacks(execute=True):
        call_command("send_digests", stdout=output)
    return output.getvalue().strip()


def test_mail_waits_for_the_end_of_quiet_hours(user: User, mailoutbox: Mails, clock: Clock) -> None:
    ScheduleFactory.create(user=user, **QUIET)
    send(user, body="By card.")
    assert Notification.objects.filter(user=user).count() == 1
    clock.shift(timedelta(hours=7))
    assert run() == "0 digests sent."
    assert mailoutbox == []
    clock.shift(timedelta(minutes=30))
    assert run() == "1 digests sent."
    (mail,) = mailoutbox
    assert (mail.to, mail.subject) == ([user.email], "Paid")
    assert "By card." in str(mail.body)
    clock.shift(timedelta(days=1))
    assert run() == "0 digests sent."


def test_urgent_kind_is_sent_immediately(user: User, mailoutbox: Mails) -> None:
    ScheduleFactory.create(user=user, digest="weekly", **QUIET)
    send(user, "warning")
    assert [mail.subject for mail in mailoutbox] == ["Paid"]


def test_daily_digest_has_all_notifications_of_a_user_once(
    user: User, mailoutbox: Mails, clock: Clock
) -> None:
    for owner in (user, ScheduleFactory.create(digest="daily").user):
        send(owner, title="Immediate" if owner == user else "Of another user")
    mailoutbox.clear()
    ScheduleFactory.create(user=user, digest="daily")
    for number in range(3):
        send(user, "message" if number else "news", title=f"Title <{number}>", body=f"Text {number}")
        clock.shift(timedelta(minutes=1))
    clock.move_to(datetime(2030, 1, 11, 8, tzinfo=UTC))
    assert run() == "2 digests sent."

    (mail,) = (mail for mail in mailoutbox if mail.to == [user.email])
    text = str(mail.body)
    assert "3 new notifications" in mail.subject
    assert [text.index(f"Title <{number}>") for number in range(3)] == sorted(
        text.index(f"Text {number}") - len(f"Title <{number}>\n") for number in range(3)
    )
    assert "Of another user" not in text
    assert "Title &lt;1&gt;" in str(mail.alternatives[0][0])


@pytest.mark.usefixtures("_german")
def test_digest_is_in_the_language_and_time_zone_of_its_recipient(
    user: User, mailoutbox: Mails, clock: Clock
) -> None:
    user.language, user.timezone = "de", "Asia/Tokyo"
    user.save()
    ScheduleFactory.create(user=user, digest="daily")
    # In Tokyo it is 08:30 on Friday.
    send(user, title="One")
    send(user, title="Two")
    clock.move_to(datetime(2030, 1, 11, 23, tzinfo=UTC))
    assert run() == "1 digests sent."
    (mail,) = mailoutbox
    assert "11.01.2030 08:30: One" in str(mail.body).replace(",", "")
    with override("de"):
        assert gettext("Unsubscribe:") in str(mail.body)
    assert 'lang="de"' in str(mail.alternatives[0][0])


def test_lazy_title_is_stored_in_the_language_of_the_user(user: User, settings: Settings) -> None:
    from django.utils.translation import gettext_lazy  # noqa: PLC0415 - marks no message of the project

    settings.LANGUAGES = [("en", "English"), ("de", "German")]
    user.language = "de"
    # A message of Django.
    send(user, title=gettext_lazy("Yes"))
    assert Notification.objects.get().title == "Ja"


def test_long_digest_names_the_number_of_further_notifications(
    user: User, mailoutbox: Mails, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.notifications.channels.DIGEST_ENTRIES", 2)
    for number in range(5):
        DeferredNotificationFactory.create(user=user, title=f"Title {number}")
    assert run() == "1 digests sent."
    (mail,) = mailoutbox
    assert "5 new notifications" in mail.subject
    assert "in the application: 3" in str(mail.body)
    assert "Title 2" not in str(mail.body)


def test_digest_leaves_out_read_and_unsubscribed_notifications(
    user: User, mailoutbox: Mails, clock: Clock
) -> None:
    ScheduleFactory.create(user=user, digest="daily")
    send(user, title="Read before")
    notification_read_all(user=user)
    send(user, title="Wanted")
    send(user, "news", title="Not wanted any more")
    preference_set(user=user, kind="news", mail=False)
    clock.shift(timedelta(days=1))
    assert run() == "1 digests sent."
    assert [mail.subject for mail in mailoutbox] == ["Wanted"]


def test_digest_without_remaining_notifications_is_not_sent(user: User, mailoutbox: Mails) -> None:
    DeferredNotificationFactory.create(user=user)
    preference_set(user=user, kind="message", mail=False)
    assert run() == "0 digests sent."
    assert (mailoutbox, DeferredNotification.objects.count(), Digest.objects.count()) == ([], 0, 0)


def test_digest_whose_notifications_were_deleted_is_not_sent(user: User, mailoutbox: Mails) -> None:
    DeferredNotificationFactory.create(user=user)
    with TestCase.captureOnCommitCallbacks(execute=True):
        assert digests_send_due() == 1
        DeferredNotification.objects.all().delete()
    assert mailoutbox == []


@pytest.mark.parametrize("end", [user_delete, user_deactivate])
def test_inactive_or_deleted_account_gets_no_digest(
    user: User, mailoutbox: Mails, end: Callable[..., object]
) -> None:
    ScheduleFactory.create(user=user)
    DeferredNotificationFactory.create(user=user)
    end(user=user)
    mailoutbox.clear()
    assert run() == "0 digests sent."
    assert (mailoutbox, DeferredNotification.objects.count()) == ([], 0)
    assert Schedule.objects.exists() is (end is user_deactivate)


def test_unverified_email_gets_no_digest(user: User, mailoutbox: Mails) -> None:
    DeferredNotificationFactory.create(user=user)
    User.objects.update(email_verified_at=None)
    assert run() == "1 digests sent."
    assert mailoutbox == []


def test_digest_respects_quiet_hours_of_a_changed_time_zone(
    user: User, mailoutbox: Mails, clock: Clock
) -> None:
    ScheduleFactory.create(user=user, **QUIET)
    send(user)
    User.objects.update(timezone="America/New_York")
    # In New York it is 02:00, and 07:00 five hours later.
    clock.move_to(datetime(2030, 1, 11, 7, tzinfo=UTC))
    assert run() == "0 digests sent."
    clock.shift(timedelta(hours=5))
    assert run() == "1 digests sent."
    assert len(mailoutbox) == 1


def test_waiting_notifications_follow_a_changed_schedule(user: User, mailoutbox: Mails) -> None:
    ScheduleFactory.create(user=user, digest="weekly")
    send(user)
    assert run() == "0 digests sent."
    schedule_set(user=user, digest="immediate")
    assert run() == "1 digests sent."
    assert len(mailoutbox) == 1


def test_change_of_the_schedule_does_not_postpone_what_is_due(
    user: User, mailoutbox: Mails, clock: Clock
) -> None:
    ScheduleFactory.create(user=user, digest="daily")
    send(user)
    clock.move_to(datetime(2030, 1, 11, 8, 1, tzinfo=UTC))
    schedule_set(user=user, digest="daily")
    assert run() == "1 digests sent."
    assert len(mailoutbox) == 1


@pytest.mark.django_db(transaction=True)
def test_concurrent_changes_of_the_schedule_are_both_kept() -> None:
    user = UserFactory.create()
    at_once([partial(schedule_set, user=user, digest="daily"), partial(schedule_set, user=user, **QUIET)])

    schedule = Schedule.objects.get()
    assert schedule.digest == "daily"
    assert schedule.quiet_from == QUIET["quiet_from"]


def test_failing_channel_does_not_stop_other_users(
    mailoutbox: Mails, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_digest: Digest) -> None:
        raise RuntimeError

    monkeypatch.setitem(CHANNELS, "broken", fail)
    monkeypatch.setitem(DIGESTS, "broken", fail)
    entry = DeferredNotificationFactory.create(channel="broken")
    preference_set(user=entry.user, kind="message", broken=True)
    DeferredNotificationFactory.create_batch(2)
    assert run() == "2 digests sent."
    assert len(mailoutbox) == 2
    assert "digest_failed" in caplog.text
    entry.refresh_from_db()
    assert entry.digest is None


@pytest.mark.django_db(transaction=True)
def test_concurrent_runs_send_each_notification_once(mailoutbox: Mails) -> None:
    owners = [ScheduleFactory.create(digest="daily").user for _ in range(3)]
    for owner in owners:
        DeferredNotificationFactory.create_batch(2, user=owner)
    assert sum(at_once([digests_send_due] * 4)) == 3
    assert sorted(mail.to[0] for mail in mailoutbox) == sorted(owner.email for owner in owners)
    assert not DeferredNotification.objects.filter(digest=None).exists()


def test_purge_removes_old_digests_and_forgotten_notifications() -> None:
    old = timezone.now() - timedelta(days=91)
    DeferredNotificationFactory.create(due_at=old)
    digest = Digest.objects.create(
        user=DeferredNotificationFactory.create().user, channel="mail", created_at=old
    )
    DeferredNotificationFactory.create(due_at=old, digest=digest)
    assert notification_purge(dry_run=True) == 2
    assert notification_purge() == 2
    assert DeferredNotification.objects.count() == 1
    assert not Digest.objects.exists()


def test_data_export_lists_schedule_and_digests(user_api: Client, user: User) -> None:
    ScheduleFactory.create(user=user)
    DeferredNotificationFactory.create(user=user, title="Waits")
    export = user_api.get(reverse("v1:users:export")).json()
    assert [row["title"] for row in export["notifications.DeferredNotification"]] == ["Waits"]
    assert len(export["notifications.Schedule"]) == 1
