"""Messages of devices: validation, deduplication, handlers."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from django.core.management import call_command
from django.db import OperationalError, connection
from django.utils import timezone
from structlog.testing import capture_logs

from apps.mqtt.models import Device, Message
from apps.mqtt.services.devices import device_revoke
from apps.mqtt.services.messages import message_receive, message_retry
from apps.mqtt.signals import message_received
from apps.mqtt.tests import handlers
from apps.mqtt.tests.factories import CommandFactory, DeviceFactory, MessageFactory
from apps.users.services.accounts import user_deactivate, user_delete

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Future

    from pytest_django import Settings

pytestmark = pytest.mark.django_db


@pytest.fixture
def device() -> Device:
    return DeviceFactory.create()


@pytest.fixture
def handled(settings: Settings) -> Iterator[list[str]]:
    """Return the keys of messages that the handler of the kind `telemetry` has processed."""
    settings.MQTT_HANDLERS = {"telemetry": ["apps.mqtt.tests.handlers.record"]}
    handlers.handled.clear()
    yield handlers.handled
    handlers.errors.clear()


def receive(device: Device, kind: str = "telemetry", **body: Any) -> None:
    message_receive(topic=f"devices/{device.pk}/{kind}", payload=json.dumps(body).encode())


def test_message_is_stored_without_its_key_in_the_data(device: Device) -> None:
    receive(device, "telemetry/climate/inside", id="a", temperature=20.5)

    message = Message.objects.get()
    assert (message.device, message.key, message.kind) == (device, "a", "telemetry")
    assert (message.path, message.data, message.error) == ("climate/inside", {"temperature": 20.5}, "")
    device.refresh_from_db()
    assert device.last_seen_at


def test_redelivered_message_is_handled_once(device: Device, handled: list[str]) -> None:
    other = DeviceFactory.create()
    for _ in range(2):
        receive(device, id="a")
    receive(other, id="a")

    assert handled == ["a", "a"]
    assert Message.objects.count() == 2


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"20.5",
        b"{}",
        b"[]",
        b"\xff",
        b'{"id": 1}',
        b'{"id": ""}',
        b'{"id": "a\\n"}',
        b'{"id": "\\ud800"}',
        b'{"id": "' + b"a" * 65 + b'"}',
        b'{"id": "a", "value": NaN}',
        b'{"id": "a", "value": 1e999}',
        b'{"id": "a", "value": "' + b"x" * 1_000 + b'"}',
        b'{"id": "a", "value": "\\u0000"}',
        b'{"id": "a", "value": "\\ud800"}',
        b'{"id": "a", "\\u0000": 1}',
        b'{"id": "a", "value": ' + b"[" * 400 + b"]" * 400 + b"}",
        b"[" * 900,
    ],
)
def test_invalid_payload_is_rejected(device: Device, payload: bytes) -> None:
    with capture_logs() as logs:
        message_receive(topic=f"devices/{device.pk}/telemetry", payload=payload)
    assert [line["event"] for line in logs] == ["mqtt_message_rejected"]
    assert logs[0]["device"] == str(device.pk)
    assert not Message.objects.exists()


def test_nul_character_in_topic_does_not_stop_the_bridge(device: Device) -> None:
    # PostgreSQL cannot store it, SQLite can.
    receive(device, "telemetry/\0", id="a")
    receive(device, id="b")
    assert Message.objects.filter(key="b").exists()


@pytest.mark.parametrize(
    "topic",
    [
        "devices",
        "devices/{device}",
        "devices/{device}/",
        "devices/{device}/commands",
        "devices/{device}/unknown",
        "devices/x/telemetry",
        "devices/00000000-0000-0000-0000-000000000000/telemetry",
        "devices/{DEVICE}/telemetry",
        "other/{device}/telemetry",
    ],
)
def test_message_of_no_device_is_rejected(device: Device, topic: str) -> None:
    with capture_logs() as logs:
        name = topic.format(device=device.pk, DEVICE=str(device.pk).upper().replace("-", ""))
        message_receive(topic=name, payload=b'{"id": "a"}')
    assert [line["reason"] for line in logs] in (["topic"], ["device"])
    assert not Message.objects.exists()


def test_messages_of_revoked_device_or_inactive_owner_are_rejected(device: Device) -> None:
    other = DeviceFactory.create()
    device_revoke(device=device)
    user_deactivate(user=other.owner)
    receive(device, id="a")
    receive(other, id="a")
    assert not Message.objects.exists()


def test_messages_beyond_the_rate_are_rejected(
    device: Device, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.mqtt.services.messages.time", SimpleNamespace(monotonic=lambda: 600.0))
    settings.MQTT_MESSAGES_PER_MINUTE = 2
    other = DeviceFactory.create()
    for number in range(3):
        receive(device, id=str(number))
    receive(other, id="a")
    assert Message.objects.filter(device=device).count() == 2
    assert Message.objects.filter(device=other).count() == 1


@pytest.mark.parametrize("error", [OperationalError(), ConnectionError()])
def test_temporary_error_stores_nothing(device: Device, handled: list[str], error: Exception) -> None:
    handlers.errors.append(error)
    with pytest.raises(type(error)):
        receive(device, id="a")
    assert not Message.objects.exists()

    receive(device, id="a")
    assert handled == ["a"]


def test_failed_message_is_kept_and_can_be_retried(device: Device, handled: list[str]) -> None:
    handlers.errors.append(KeyError("secret"))
    with capture_logs() as logs:
        receive(device, id="a")
    message = Message.objects.get()
    assert (message.error, message.path) == ("KeyError", "")
    assert [line["event"] for line in logs] == ["mqtt_handler_failed"]

    handlers.errors.append(KeyError("secret"))
    assert not message_retry(message=message)
    assert message_retry(message=message)
    assert not message_retry(message=message)
    assert handled == ["a"]
    message.refresh_from_db()
    assert not message.error


def test_missing_file_of_a_handler_does_not_block_later_messages(device: Device, handled: list[str]) -> None:
    handlers.errors.append(FileNotFoundError())
    receive(device, id="a")
    receive(device, id="b")
    assert handled == ["b"]
    assert Message.objects.get(key="a").error == "FileNotFoundError"


@pytest.mark.skipif(connection.vendor != "postgresql", reason="DATABASE_URL names no PostgreSQL")
@pytest.mark.django_db(transaction=True)
def test_account_is_deleted_while_a_message_is_stored(
    device: Device, handled: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def delete() -> None:
        try:
            user_delete(user=device.owner)
        finally:
            connection.close()

    with ThreadPoolExecutor() as pool:

        def handle(message: Message) -> None:
            handled.append(message.key)
            deletion.append(pool.submit(delete))
            blocked = "SELECT 1 FROM pg_locks WHERE pg_backend_pid() = ANY(pg_blocking_pids(pid))"
            with connection.cursor() as cursor:
                while not cursor.execute(blocked).fetchall():
                    assert not deletion[0].done()

        deletion: list[Future[None]] = []
        monkeypatch.setattr(handlers, "record", handle)
        receive(device, id="a")
        deletion[0].result()
    assert handled == ["a"]
    assert not Message.objects.exists()


def test_message_is_pushed_to_the_owner(
    device: Device, settings: Settings, pushed: list[dict[str, Any]]
) -> None:
    settings.MQTT_HANDLERS = {"telemetry": ["apps.mqtt.handlers.message_push"]}
    receive(device, id="a", temperature=20.5)
    assert [(event["user"], event["event"]) for event in pushed] == [(device.owner, "mqtt.message")]
    assert pushed[0]["data"]["device"] == str(device.pk)
    assert pushed[0]["data"]["data"] == {"temperature": 20.5}


def test_message_is_announced_by_a_signal(device: Device, settings: Settings) -> None:
    settings.MQTT_HANDLERS = {"events": ["apps.mqtt.handlers.message_announce"]}
    announced: list[Message] = []

    def receiver(message: Message, **_kwargs: Any) -> None:
        announced.append(message)

    message_received.connect(receiver)
    try:
        receive(device, "events", id="a")
    finally:
        message_received.disconnect(receiver)
    assert announced == [Message.objects.get()]


@pytest.mark.parametrize("command", ["{command}", "{other}", "x", ""])
def test_reply_acknowledges_own_command_only(device: Device, command: str) -> None:
    own, other = CommandFactory.create(device=device), CommandFactory.create()
    receive(device, "replies", id="a", command=command.format(command=own.pk, other=other.pk))
    receive(device, "replies", id="b", command=[1])
    for row in (own, other):
        row.refresh_from_db()
    assert (own.acknowledged_at is not None) is (command == "{command}")
    assert other.acknowledged_at is None
    assert Message.objects.filter(error="").count() == 2


def test_old_messages_and_commands_are_purged(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    settings.MQTT_MESSAGES_KEPT_DAYS = 30
    old, recent = (timezone.now() - timedelta(days=days) for days in (31, 29))
    for factory in (MessageFactory, CommandFactory):
        factory.create(created_at=old)
    kept = MessageFactory.create(created_at=recent)

    call_command("purge_messages", "--dry-run")
    assert Message.objects.count() == 2
    call_command("purge_messages")

    assert Message.objects.get() == kept
    assert capsys.readouterr().out.splitlines() == ["2 rows would be deleted.", "2 rows deleted."]
