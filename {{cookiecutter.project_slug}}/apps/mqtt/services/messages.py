"""Services: messages of devices, from the bridge to their handlers."""

from __future__ import annotations

import json
import socket
import time
from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import structlog
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import DataError, InterfaceError, OperationalError, transaction
from django.utils import timezone
from django.utils.module_loading import import_string

from apps.core.exceptions import UnavailableError
from apps.mqtt.models import Command, Device, Message
from apps.mqtt.selectors import message_list
from apps.mqtt.topics import topic_parse
from apps.mqtt.validators import validate_json

if TYPE_CHECKING:
    from apps.mqtt.topics import Topic

# Errors of the database and the network, after which the message must be received again.
TEMPORARY_ERRORS = (
    *(ConnectionError, TimeoutError, socket.gaierror),
    *(OperationalError, InterfaceError, UnavailableError),
)
# `last_seen_at` is written once per interval, not with every message.
SEEN = timedelta(minutes=1)
MAX_KEY = 64

logger = structlog.get_logger(__name__)


class RejectedError(Exception):
    """The message is not stored; the only argument is the reason."""


def message_receive(*, topic: str, payload: bytes) -> None:
    """Store a message and run its handlers, in one transaction. Redelivered messages are ignored.

    Messages that are not valid, or not of an active device, are logged without their content.

    Raises:
        Exception: one of `TEMPORARY_ERRORS`. Nothing is stored; the message must be received again.
    """
    parsed = topic_parse(topic)
    try:
        _process(parsed, payload)
    except (RejectedError, DataError) as error:
        # DataError: PostgreSQL does not store the character NUL, here of a topic.
        reason = str(error) if isinstance(error, RejectedError) else "content"
        logger.warning("mqtt_message_rejected", reason=reason, device=parsed and str(parsed.device))


@transaction.atomic
def message_retry(*, message: Message) -> bool:
    """Run the handlers of a failed message again.

    Returns:
        True on success; False if they fail again, or the message has not failed.

    Raises:
        Exception: one of `TEMPORARY_ERRORS`; the message is unchanged.
    """
    failed = Message.objects.select_for_update(no_key=True).exclude(error="").filter(pk=message.pk).first()
    if failed is None:
        return False
    failed.error = _handle(failed)
    failed.save(update_fields=["error"])
    return not failed.error


def messages_purge(*, dry_run: bool = False) -> int:
    """Delete messages and commands whose retention period has passed, and return their number."""
    before = timezone.now() - timedelta(days=settings.MQTT_MESSAGES_KEPT_DAYS)
    old = [model.objects.filter(created_at__lt=before) for model in (Message, Command)]
    return sum(rows.count() if dry_run else rows.delete()[0] for rows in old)


def _process(topic: Topic | None, payload: bytes) -> None:
    if topic is None or topic.kind not in settings.MQTT_HANDLERS:
        raise RejectedError("topic")
    _limit(topic)
    key, data = _content(payload)
    _store(topic, key, data)


@transaction.atomic
def _store(topic: Topic, key: str, data: dict[str, Any]) -> None:
    # The lock serializes the messages of a device, so that a redelivered one sees the row of the first, and
    # waits for a concurrent revocation or deletion.
    devices = Device.objects.select_for_update(no_key=True, of=("self",)).select_related("owner")
    device = devices.filter(pk=topic.device, is_active=True, owner__is_active=True).first()
    if device is None:
        raise RejectedError("device")
    if message_list(device=device).filter(key=key).exists():
        logger.info("mqtt_message_repeated", device=str(device.pk))
        return
    message = Message(device=device, key=key, kind=topic.kind, path=topic.path, data=data)
    message.save(force_insert=True)
    message.error = _handle(message)
    if message.error:
        message.save(update_fields=["error"])
    if not device.last_seen_at or device.last_seen_at < message.created_at - SEEN:
        Device.objects.filter(pk=device.pk).update(last_seen_at=message.created_at)


def _handle(message: Message) -> str:
    """Run the handlers and return the name of the error, or an empty string.

    A bug in a handler must not block the messages behind: the message is kept with its error.
    """
    try:
        # The savepoint keeps the row of the message.
        with transaction.atomic():
            for path in settings.MQTT_HANDLERS.get(message.kind, ()):
                import_string(path)(message)
    except TEMPORARY_ERRORS:
        raise
    except Exception as error:
        logger.exception("mqtt_handler_failed", device=str(message.device_id), message=str(message.pk))
        return type(error).__name__
    return ""


def _content(payload: bytes) -> tuple[str, dict[str, Any]]:
    """Return the key and the other members of a payload: a JSON object with the text `id`."""
    if len(payload) > settings.MQTT_PAYLOAD_MAX_BYTES:
        raise RejectedError("size")
    try:
        data = json.loads(payload)
        validate_json(data)
    except (ValueError, RecursionError, ValidationError):
        raise RejectedError("content") from None
    key = data.pop("id", None) if isinstance(data, dict) else None
    if not isinstance(key, str) or not 0 < len(key) <= MAX_KEY or not key.isprintable():
        raise RejectedError("id")
    return key, data


# Messages of each device in the current minute; each bridge counts its own.
_counts: Counter[Any] = Counter()
_minute = 0


def _limit(topic: Topic) -> None:
    global _minute  # noqa: PLW0603 - a counter of this process
    if (now := int(time.monotonic() // 60)) != _minute:
        _minute = now
        _counts.clear()
    _counts[topic.device] += 1
    if _counts[topic.device] > settings.MQTT_MESSAGES_PER_MINUTE:
        raise RejectedError("rate")
