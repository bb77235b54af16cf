"""API of devices, messages and commands."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.mqtt.models import Command, Device, Message
from apps.mqtt.services.commands import CLAIM, command_published, command_send, commands_claim
from apps.mqtt.services.devices import device_authenticate, device_register, device_revoke
from apps.mqtt.tests.factories import CommandFactory, DeviceFactory, MessageFactory, seed
from apps.mqtt.topics import topic_filters
from apps.users.exceptions import InvalidToken
from apps.users.selectors import user_export
from apps.users.services.accounts import user_delete
from apps.users.tests.factories import UserFactory

if TYPE_CHECKING:
    from pytest_django import DjangoAssertNumQueries, Settings

    from apps.users.models import User
    from conftest import Client

pytestmark = pytest.mark.django_db

LIST = "v1:mqtt:device-list"


@pytest.fixture
def device(user: User) -> Device:
    return DeviceFactory.create(owner=user)


def test_registered_device_can_log_in_with_its_password(user_api: Client) -> None:
    response = user_api.post(reverse(LIST), {"name": "Greenhouse"})

    assert response.status_code == 201
    assert response["Cache-Control"] == "no-store"
    body = response.json()
    device = Device.objects.get()
    assert body["password"] not in device.password
    login = {"key": body["id"], "client": body["id"], "password": body["password"]}
    assert device_authenticate(**login) == device
    assert device_authenticate(**login | {"password": device.password}) is None
    assert device_authenticate(**login | {"client": str(uuid4())}) is None
    assert device_authenticate(**login | dict.fromkeys(("key", "client"), str(uuid4()))) is None
    assert device_authenticate(key="x", client="x", password="\ud800") is None
    assert "password" not in user_api.get(reverse("v1:mqtt:device-detail", args=[device.pk])).json()


def test_revoked_device_cannot_log_in(user_api: Client) -> None:
    body = user_api.post(reverse(LIST), {"name": "Greenhouse"}).json()
    url = reverse("v1:mqtt:device-revoke", args=[body["id"]])

    assert [user_api.post(url).json()["is_active"] for _ in range(2)] == [False, False]

    assert device_authenticate(key=body["id"], client=body["id"], password=body["password"]) is None
    assert [row["is_active"] for row in user_api.get(reverse(LIST)).json()["results"]] == [False]


def test_number_of_active_devices_is_limited(user_api: Client, settings: Settings) -> None:
    settings.MQTT_DEVICES_PER_USER = 1
    first = user_api.post(reverse(LIST), {"name": "One"}).json()
    response = user_api.post(reverse(LIST), {"name": "Two"})
    assert (response.status_code, response.json()["errors"][0]["code"]) == (400, "too_many")

    user_api.post(reverse("v1:mqtt:device-revoke", args=[first["id"]]))
    assert user_api.post(reverse(LIST), {"name": "Two"}).status_code == 201


def test_deleted_account_cannot_register(user: User) -> None:
    user_delete(user=user)
    with pytest.raises(InvalidToken):
        device_register(owner=user, name="One")


def test_other_users_see_nothing(device: Device, other_api: Client) -> None:
    MessageFactory.create(device=device)
    assert other_api.get(reverse(LIST)).json()["results"] == []
    assert other_api.get(reverse("v1:mqtt:device-detail", args=[device.pk])).status_code == 404
    assert other_api.post(reverse("v1:mqtt:device-revoke", args=[device.pk])).status_code == 404
    for name in ("message-list", "command-list"):
        assert other_api.get(reverse(f"v1:mqtt:{name}", args=[device.pk])).status_code == 404
    command = other_api.post(reverse("v1:mqtt:command-list", args=[device.pk]), {"name": "restart"})
    assert command.status_code == 404
    assert not Command.objects.exists()


def test_messages_are_listed_newest_first(device: Device, user_api: Client) -> None:
    keys = [MessageFactory.create(device=device).key for _ in range(3)]
    MessageFactory.create(device=device, kind="events")
    MessageFactory.create()

    url = reverse("v1:mqtt:message-list", args=[device.pk])
    found = user_api.get(url, {"kind": "telemetry"}).json()["results"]

    assert [row["key"] for row in found] == keys[::-1]
    assert found[0]["data"] == {"temperature": 20.5}
    assert len(user_api.get(url).json()["results"]) == 4


def test_query_count_does_not_depend_on_length(
    device: Device, user_api: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    names = ("v1:mqtt:message-list", "v1:mqtt:command-list")
    urls = [reverse(LIST), *(reverse(name, args=[device.pk]) for name in names)]
    MessageFactory.create(device=device)
    CommandFactory.create(device=device)
    with CaptureQueriesContext(connection) as short:
        for url in urls:
            user_api.get(url)
    DeviceFactory.create_batch(5, owner=device.owner)
    MessageFactory.create_batch(5, device=device)
    CommandFactory.create_batch(5, device=device)
    with django_assert_num_queries(len(short)):
        for url in urls:
            user_api.get(url)


def test_command_is_claimed_by_one_bridge_until_it_is_published(device: Device, user_api: Client) -> None:
    url = reverse("v1:mqtt:command-list", args=[device.pk])
    response = user_api.post(url, {"name": "restart", "data": {"delay": 10}})
    assert response.status_code == 201
    key = response.json()["id"]

    (outgoing,) = commands_claim()
    assert outgoing.topic == f"devices/{device.pk}/commands"
    assert outgoing.payload == f'{{"id": "{key}", "name": "restart", "data": {{"delay": 10}}}}'
    assert commands_claim() == []

    # The bridge was killed.
    Command.objects.update(claimed_at=Command.objects.get().claimed_at - CLAIM * 2)  # type: ignore[operator] # set
    assert commands_claim() == [outgoing]
    command_published(key=outgoing.key)
    Command.objects.update(claimed_at=None)
    assert commands_claim() == []
    assert user_api.get(url).json()["results"][0]["published_at"]


@pytest.mark.parametrize(
    "data", ['"\\u0000"', '"\\ud800"', "1e999", '{"\\u0000": 1}', "[" * 200 + "]" * 200], ids=ascii
)
def test_command_that_cannot_be_stored_is_rejected(device: Device, user_api: Client, data: str) -> None:
    body = f'{{"name": "restart", "data": {{"value": {data}}}}}'
    url = reverse("v1:mqtt:command-list", args=[device.pk])
    response = user_api.generic("POST", url, body, content_type="application/json")
    assert response.status_code == 400
    assert [error["field"] for error in response.json()["errors"]] == ["data"]


def test_commands_are_limited(device: Device, settings: Settings) -> None:
    settings.MQTT_COMMANDS_PENDING = 1
    with pytest.raises(ValidationError, match="too large"):
        command_send(device=device, name="restart", data={"text": "x" * 1_000})
    command_send(device=device, name="restart")
    with pytest.raises(ValidationError, match="wait for their delivery"):
        command_send(device=device, name="restart")
    device_revoke(device=device)
    with pytest.raises(ValidationError, match="revoked"):
        command_send(device=device, name="restart")
    assert commands_claim() == []


def test_account_deletion_and_export_include_devices(device: Device, user: User) -> None:
    MessageFactory.create(device=device)
    CommandFactory.create(device=device)
    (exported,) = user_export(user)["mqtt.Device"]
    assert exported["name"] == device.name
    assert "password" not in exported

    user_delete(user=user)
    assert not Device.objects.exists()
    assert not Message.objects.exists()


def test_bridge_requires_the_url_of_a_broker(settings: Settings) -> None:
    settings.MQTT_URL = ""
    with pytest.raises(CommandError, match="MQTT_URL"):
        call_command("mqtt_bridge")


def test_filters_cover_each_kind_and_the_group(settings: Settings) -> None:
    assert topic_filters() == ["devices/+/telemetry/#", "devices/+/replies/#"]
    settings.MQTT_SHARE_GROUP = "bridges"
    assert topic_filters()[0] == "$share/bridges/devices/+/telemetry/#"


def test_seed_creates_devices_once() -> None:
    account = UserFactory.create()
    rows = [*seed(account)]
    assert len(rows) == sum(model.objects.count() for model in (Device, Message, Command))
    assert [*seed(account)] == []
