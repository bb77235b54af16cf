"""Handlers of messages, named in `MQTT_HANDLERS`. Each runs in the transaction that stores the message."""

from django.core.exceptions import ValidationError
from django.utils import timezone

from apps.mqtt.models import Command, Message
from apps.mqtt.signals import message_received
from apps.realtime.services import event_send


def message_push(message: Message) -> None:
    """Send the event `mqtt.message` to the open WebSockets of the owner, after the commit, at most once."""
    data = {
        "id": str(message.pk),
        "device": str(message.device_id),
        "kind": message.kind,
        "path": message.path,
        "data": message.data,
        "created_at": message.created_at.isoformat(),
    }
    event_send(user=message.device.owner, event="mqtt.message", data=data)


def message_announce(message: Message) -> None:
    """Send the signal `message_received`."""
    message_received.send(sender=Message, message=message)


def command_acknowledge(message: Message) -> None:
    """Record that the device has carried out the command that the reply names; the first time is kept."""
    commands = Command.objects.filter(device=message.device_id, acknowledged_at=None)
    now = timezone.now()
    try:
        commands.filter(pk=message.data.get("command")).update(acknowledged_at=now, updated_at=now)
    except ValidationError:
        # Not a UUID: the reply is stored nevertheless.
        return
