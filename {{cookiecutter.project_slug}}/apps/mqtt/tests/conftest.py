"""Fixtures of the mqtt tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from apps.mqtt.services import messages
from apps.users.tests.factories import UserFactory
from conftest import Client

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_django import Settings


@pytest.fixture(autouse=True)
def _own_settings(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Set the topics and limits of the tests, and forget the messages of other tests."""
    settings.MQTT_TOPIC_PREFIX = "devices"
    settings.MQTT_SHARE_GROUP = ""
    settings.MQTT_BROKER_TOKEN = "b" * 32
    settings.MQTT_MESSAGES_PER_MINUTE = 300
    settings.MQTT_PAYLOAD_MAX_BYTES = 1_000
    settings.MQTT_HANDLERS = {"telemetry": [], "replies": ["apps.mqtt.handlers.command_acknowledge"]}
    messages._counts.clear()  # noqa: SLF001 - reset between tests


@pytest.fixture
def other_api(db: None) -> Client:
    """Return a client that is logged in as another user."""
    client = Client()
    client.login_by_token(UserFactory.create())
    return client


@pytest.fixture
def pushed(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Return the events that would be sent to WebSockets."""
    events: list[dict[str, Any]] = []
    record: Callable[..., None] = lambda **event: events.append(event)  # noqa: E731 - one line
    monkeypatch.setattr("apps.mqtt.handlers.event_send", record)
    return events
