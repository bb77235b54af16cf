"""Services: commands for devices.

Commands are an outbox: `command_send` only stores a row, which the bridge publishes after the commit. So an
unavailable broker neither blocks a request nor loses a command.
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.mqtt.models import Command, Device
from apps.mqtt.selectors import command_list
from apps.mqtt.topics import topic_of_commands

if TYPE_CHECKING:
    from collections.abc import Mapping

BATCH = 50
# After this time, another bridge publishes the commands of a bridge that was killed.
CLAIM = timedelta(seconds=60)


class Outgoing(NamedTuple):
    """Message for the broker."""

    key: Any
    topic: str
    payload: str


@transaction.atomic
def command_send(*, device: Device, name: str, data: Mapping[str, Any] | None = None) -> Command:
    """Send a command to a device, at least once and after the commit.

    Args:
        device: the recipient; it gets the command when it is connected.
        name: for example `restart`.
        data: JSON-serializable arguments.

    Raises:
        ValidationError: the device is revoked, the command is too large, or too many are unpublished.
    """
    # The lock serializes concurrent commands, so that each counts the previous one.
    locked = Device.objects.select_for_update(no_key=True).filter(pk=device.pk, is_active=True).first()
    if locked is None:
        raise ValidationError(_("The device is revoked."), code="revoked")
    if command_list(device=device).filter(published_at=None).count() >= settings.MQTT_COMMANDS_PENDING:
        raise ValidationError(_("Too many commands wait for their delivery."), code="too_many")
    command = Command(device=locked, name=name, data=dict(data or {}))
    command.full_clean(exclude=["device"])
    if len(_payload(command).encode()) > settings.MQTT_PAYLOAD_MAX_BYTES:
        raise ValidationError({"data": ValidationError(_("The command is too large."), code="too_large")})
    command.save(force_insert=True)
    return command


@transaction.atomic
def commands_claim() -> list[Outgoing]:
    """Return unpublished commands, oldest first, which other bridges then skip for a minute."""
    now = timezone.now()
    free = Q(claimed_at=None) | Q(claimed_at__lt=now - CLAIM)
    skip = connection.features.has_select_for_update_skip_locked
    rows = Command.objects.select_for_update(skip_locked=skip, no_key=True, of=("self",))
    unpublished = rows.filter(free, published_at=None, device__is_active=True)
    commands = list(unpublished.select_related("device").order_by("created_at", "pk")[:BATCH])
    Command.objects.filter(pk__in=[command.pk for command in commands]).update(claimed_at=now)
    return [
        Outgoing(command.pk, topic_of_commands(command.device), _payload(command)) for command in commands
    ]


def command_published(*, key: Any) -> None:
    """Record that the broker has accepted a command."""
    now = timezone.now()
    Command.objects.filter(pk=key).update(published_at=now, updated_at=now)


def _payload(command: Command) -> str:
    return json.dumps({"id": str(command.pk), "name": command.name, "data": command.data})
