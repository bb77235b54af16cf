"""The example channels, with a gateway that records messages."""

from __future__ import annotations

from datetime import UTC, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import time_machine
from django.db import transaction
from django.test import Client as Browser
from django.test import TestCase
from django.urls import reverse

from apps.notifications.channels import CHANNELS, DIGESTS
from apps.notifications.services import notification_send
from apps.notifications.tests import example_channels
from apps.notifications.tests.example_channels import SMS_LENGTH, PushChannel, SMSChannel
from apps.notifications.tests.factories import ScheduleFactory
from apps.notifications.tests.test_digests import run
from apps.notifications.unsubscribe import unsubscribe_url
from config.env import BASE_DIR

if TYPE_CHECKING:
    from pytest_django import Settings

    from apps.users.models import User
    from conftest import Client

pytestmark = pytest.mark.django_db

NIGHT = datetime(2030, 1, 10, 23, 30, tzinfo=UTC)
MORNING = datetime(2030, 1, 11, 7, tzinfo=UTC)


class Gateway:
    """Test double of a gateway; with `fail`, it is unavailable."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, Any]] = []
        self.fail = False

    def send(self, address: str, message: Any) -> None:
        if self.fail:
            raise OSError
        self.sent.append((address, message))


@pytest.fixture
def gateway(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Gateway:
    """Register both channels with this gateway."""
    settings.TIME_ZONE = "UTC"
    settings.NOTIFICATION_KINDS = {"message": ("in_app", "sms", "push")}
    settings.NOTIFICATION_URGENT_KINDS = set()
    gateway = Gateway()
    sms = SMSChannel(lambda user: f"phone of {user.pk}", gateway.send)
    push = PushChannel(lambda _user: ["tablet", "watch"], gateway.send)
    monkeypatch.setitem(CHANNELS, "sms", sms.deliver)
    monkeypatch.setitem(DIGESTS, "sms", sms.deliver_digest)
    monkeypatch.setitem(CHANNELS, "push", push.deliver)
    return gateway


def send(user: User, title: str = "Paid") -> None:
    with TestCase.captureOnCommitCallbacks(execute=True):
        notification_send(user=user, kind="message", title=title)


def test_sms_and_push_are_sent_after_commit(user: User, gateway: Gateway) -> None:
    with TestCase.captureOnCommitCallbacks(execute=True):
        notification = notification_send(user=user, kind="message", title="x" * 200)
        assert gateway.sent == []
    assert notification
    payload = {"id": str(notification.pk), "kind": "message", "title": "x" * 200}
    assert gateway.sent == [
        (f"phone of {user.pk}", "x" * SMS_LENGTH),
        ("tablet", payload),
        ("watch", payload),
    ]


def test_sms_and_push_are_not_sent_after_rollback(user: User, gateway: Gateway) -> None:
    with TestCase.captureOnCommitCallbacks(execute=True), transaction.atomic():
        notification_send(user=user, kind="message", title="Paid")
        transaction.set_rollback(True)
    assert gateway.sent == []


def test_unavailable_gateway_does_not_affect_other_channels(
    user: User, user_api: Client, gateway: Gateway
) -> None:
    gateway.fail = True
    send(user)
    assert user_api.get(reverse("v1:notifications:notification-unread-count")).json() == {"unread": 1}


def test_sms_waits_for_the_end_of_quiet_hours_and_push_does_not(user: User, gateway: Gateway) -> None:
    ScheduleFactory.create(user=user, quiet_from=time(22), quiet_until=time(7))
    with time_machine.travel(NIGHT, tick=False) as clock:
        send(user, "One")
        send(user, "Two")
        assert [address for address, _message in gateway.sent] == ["tablet", "watch"] * 2
        clock.move_to(MORNING)
        assert run() == "1 digests sent."
    assert gateway.sent[4:] == [(f"phone of {user.pk}", "One; Two")]


def test_user_chooses_plugged_in_channels(user: User, user_api: Client, gateway: Gateway) -> None:
    url = reverse("v1:notifications:preferences")
    response = user_api.patch(url, {"kind": "message", "push": False})
    expected = {"kind": "message", "in_app": True, "mail": False, "pager": False, "sms": True, "push": False}
    assert response.json() == expected
    # A link in a text message works as that of an email.
    link = unsubscribe_url(user_id=str(user.pk), channel="sms", kinds=["message"])
    assert Browser().post(link).status_code == 200
    assert user_api.get(url).json() == [expected | {"sms": False}]
    send(user)
    assert gateway.sent == []


def test_documentation_shows_the_tested_channels() -> None:
    source = Path(example_channels.__file__).read_text(encoding="utf-8")
    page = (BASE_DIR / "docs/notifications.md").read_text(encoding="utf-8")
    _head, separator, classes = source.partition("SMS_LENGTH = ")
    assert separator + classes.strip() in page
