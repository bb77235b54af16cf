from collections.abc import Iterator
from datetime import timedelta

import factory
from django.db.models import Model
from django.utils import timezone
from factory.django import DjangoModelFactory

from apps.mqtt.models import Command, Device, Message
from apps.mqtt.services.commands import command_send
from apps.mqtt.services.devices import device_register
from apps.users.models import User
from apps.users.tests.factories import UserFactory


class DeviceFactory(DjangoModelFactory[Device]):
    """An active device without a password."""

    class Meta:
        model = Device

    owner = factory.SubFactory(UserFactory)
    name = factory.Sequence(lambda number: f"Device {number}.")


class MessageFactory(DjangoModelFactory[Message]):
    class Meta:
        model = Message

    device = factory.SubFactory(DeviceFactory)
    key = factory.Sequence(lambda number: f"message-{number}")
    kind = "telemetry"
    data = factory.LazyFunction(lambda: {"temperature": 20.5})


class CommandFactory(DjangoModelFactory[Command]):
    class Meta:
        model = Command

    device = factory.SubFactory(DeviceFactory)
    name = "restart"


def seed(account: User) -> Iterator[Model]:
    """Create sample devices for `make seed`, with messages of the last hours and a command."""
    if Device.objects.filter(owner=account).exists():
        return
    for name in ("Greenhouse", "Cellar"):
        device, _password = device_register(owner=account, name=name)
        yield device
        for number in range(12):
            received = timezone.now() - timedelta(hours=number)
            data = {"temperature": 20 + number / 2, "humidity": 55 + number}
            yield MessageFactory.create(device=device, path="climate", data=data, created_at=received)
        yield command_send(device=device, name="restart", data={"delay": 10})
