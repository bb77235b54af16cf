"""Selectors: reads that do not depend on the request."""

from uuid import UUID

from django.db.models import QuerySet

from apps.mqtt.models import Command, Device, Message
from apps.users.models import User


def device_list(*, owner: User) -> QuerySet[Device]:
    """Return the devices of a user, including revoked ones."""
    return Device.objects.filter(owner=owner)


def device_active(*, key: str) -> Device | None:
    """Return a device that is active and whose owner is active."""
    try:
        active = Device.objects.filter(pk=UUID(key), is_active=True, owner__is_active=True)
    except ValueError:
        return None
    return active.first()


def message_list(*, device: Device) -> QuerySet[Message]:
    """Return the messages of a device."""
    return Message.objects.filter(device=device)


def command_list(*, device: Device) -> QuerySet[Command]:
    """Return the commands for a device."""
    return Command.objects.filter(device=device)
