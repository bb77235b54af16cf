"""Signal receivers of the mqtt app."""

from typing import Any

from django.dispatch import receiver

from apps.mqtt.services.devices import devices_delete
from apps.users.models import User
from apps.users.signals import user_deleted


@receiver(user_deleted)
def delete_devices(user: User, **_kwargs: Any) -> None:
    """Delete the devices of a deleted account with their messages and commands."""
    devices_delete(owner=user)
