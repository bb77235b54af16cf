"""Messages whose processing is a task."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from kombu.exceptions import OperationalError as BrokerError

from apps.core.exceptions import UnavailableError
from apps.mqtt import tasks
from apps.mqtt.models import Message
from apps.mqtt.services.messages import message_receive
from apps.mqtt.signals import message_received
from apps.mqtt.tests.factories import DeviceFactory

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_django import Settings

pytestmark = pytest.mark.django_db


@pytest.fixture
def announced(settings: Settings) -> Iterator[list[Message]]:
    settings.MQTT_HANDLERS = {"events": ["apps.mqtt.tasks.message_queue"]}
    found: list[Message] = []

    def receiver(message: Message, **_kwargs: Any) -> None:
        found.append(message)

    message_received.connect(receiver)
    yield found
    message_received.disconnect(receiver)


def receive() -> None:
    device = DeviceFactory.create()
    message_receive(topic=f"devices/{device.pk}/events", payload=json.dumps({"id": "a"}).encode())


def test_task_announces_the_message(announced: list[Message]) -> None:
    receive()
    assert announced == [Message.objects.get()]


def test_message_is_not_stored_if_its_task_cannot_be_queued(
    announced: list[Message], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(**_kwargs: Any) -> None:
        raise BrokerError

    monkeypatch.setattr(tasks.message_process, "apply_async", fail)
    with pytest.raises(UnavailableError):
        receive()
    assert not Message.objects.exists()
