"""Notifications sent to WebSockets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.db import transaction
from django.test import TestCase
from django.urls import reverse

from apps.notifications.services import notification_send, preference_set

if TYPE_CHECKING:
    from pytest_django import Settings

    from apps.users.models import User
    from conftest import Client

pytestmark = pytest.mark.django_db

Events = list[tuple[str, str, dict[str, Any]]]


@pytest.fixture(autouse=True)
def _kinds(settings: Settings) -> None:
    settings.NOTIFICATION_KINDS = {"message": ("in_app", "websocket")}


@pytest.fixture
def events(monkeypatch: pytest.MonkeyPatch) -> Events:
    """Record the events sent to WebSockets as (group, event, data)."""
    sent: Events = []

    async def record(group: str, event: str, data: dict[str, Any]) -> None:
        sent.append((group, event, data))

    monkeypatch.setattr("apps.realtime.services._group_send", record)
    return sent


def test_notification_is_sent_to_sockets_after_commit(user: User, events: Events) -> None:
    with TestCase.captureOnCommitCallbacks(execute=True):
        notification = notification_send(user=user, kind="message", title="Paid", data={"order": 7})
        assert events == []

    assert notification is not None
    data = {
        "id": str(notification.pk),
        "kind": "message",
        "title": "Paid",
        "body": "",
        "data": {"order": 7},
        "created_at": notification.created_at.isoformat(),
    }
    assert events == [(f"user.{user.pk}", "notification.created", data)]


def test_notification_is_not_sent_to_sockets_after_rollback(user: User, events: Events) -> None:
    with TestCase.captureOnCommitCallbacks(execute=True), transaction.atomic():
        notification_send(user=user, kind="message", title="Paid")
        transaction.set_rollback(True)
    assert events == []


def test_event_of_notification_outside_the_list_has_no_id(user: User, events: Events) -> None:
    preference_set(user=user, kind="message", in_app=False)
    with TestCase.captureOnCommitCallbacks(execute=True):
        assert notification_send(user=user, kind="message", title="Paid") is None
    assert [data["id"] for _, _, data in events] == [None]


def test_websocket_preference_disables_events(user: User, user_api: Client, events: Events) -> None:
    url = reverse("v1:notifications:preferences")
    response = user_api.patch(url, {"kind": "message", "websocket": False})
    assert response.json() == {"kind": "message", "in_app": True, "mail": False, "websocket": False}

    with TestCase.captureOnCommitCallbacks(execute=True):
        assert notification_send(user=user, kind="message", title="Paid")
    assert events == []
