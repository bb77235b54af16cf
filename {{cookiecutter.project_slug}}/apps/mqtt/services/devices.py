"""Services: registration, revocation and authentication of devices."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.mqtt.models import Device
from apps.mqtt.selectors import device_active, device_list
from apps.users.exceptions import InvalidToken
from apps.users.models import User

if TYPE_CHECKING:
    from collections.abc import Iterable


@transaction.atomic
def device_register(*, owner: User, name: str) -> tuple[Device, str]:
    """Register a device.

    Returns:
        The device, and its password, of which only the digest is stored.

    Raises:
        ValidationError: the name is empty or too long, or the user has too many devices.
        InvalidToken: the account was deleted.
    """
    # The lock serializes concurrent registrations, so that each counts the previous one.
    locked = User.objects.select_for_update(no_key=True).filter(pk=owner.pk, is_active=True).first()
    if locked is None:
        raise InvalidToken
    if device_list(owner=owner).filter(is_active=True).count() >= settings.MQTT_DEVICES_PER_USER:
        message = _("You cannot have more than %(max)d active devices.")
        raise ValidationError(message, code="too_many", params={"max": settings.MQTT_DEVICES_PER_USER})
    password = secrets.token_urlsafe(32)
    device = Device(owner=locked, name=name, password=_digest(password))
    device.full_clean(exclude=["owner"])
    device.save(force_insert=True)
    return device, password


def device_revoke(*, device: Device) -> Device:
    """Revoke a device for good: its messages are rejected and its password is invalid. This is idempotent."""
    devices_revoke(devices=Device.objects.filter(pk=device.pk))
    device.refresh_from_db()
    return device


def devices_revoke(*, devices: Iterable[Device]) -> int:
    """Revoke several devices and return how many were active."""
    active = Device.objects.filter(pk__in=[device.pk for device in devices], is_active=True)
    return active.update(is_active=False, password="", updated_at=timezone.now())


def device_authenticate(*, key: str, client: str, password: str) -> Device | None:
    """Return the active device with this primary key, client ID and password, or None.

    With the client ID of another client, a broker would give the device the session of that client, which
    has subscriptions and unread messages; that of the bridge has those of all devices.
    """
    device = device_active(key=key) if client == key else None
    # Compared also without a device, for the same duration.
    known = device.password if device else ""
    return device if hmac.compare_digest(known, _digest(password)) else None


@transaction.atomic
def devices_delete(*, owner: User) -> None:
    """Delete the devices of a user with their messages and commands."""
    devices = device_list(owner=owner)
    # The lock waits for messages that are being stored, whose rows the deletion would not see.
    list(devices.select_for_update().values_list("pk"))
    devices.delete()


def _digest(password: str) -> str:
    return hashlib.sha256(password.encode(errors="replace")).hexdigest()
