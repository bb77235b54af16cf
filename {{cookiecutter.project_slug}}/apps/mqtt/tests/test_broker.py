"""Endpoints that the broker asks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.urls import reverse

from apps.mqtt.services.devices import device_register, device_revoke
from apps.mqtt.tests.factories import DeviceFactory
from apps.users.tests.factories import UserFactory
from conftest import Client

if TYPE_CHECKING:
    from pytest_django import Settings

pytestmark = pytest.mark.django_db


@pytest.fixture
def broker() -> Client:
    client = Client()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {'b' * 32}")
    return client


def test_login_is_checked(broker: Client) -> None:
    device, password = device_register(owner=UserFactory.create(), name="One")
    url = reverse("v1:mqtt:broker-login")
    login = {"username": str(device.pk), "client": str(device.pk), "password": password}

    assert broker.post(url, login).status_code == 204
    assert broker.post(url, login | {"password": "x"}).status_code == 403
    assert broker.post(url, login | {"client": "bridge"}).status_code == 403
    device_revoke(device=device)
    assert broker.post(url, login).status_code == 403


@pytest.mark.parametrize(
    ("action", "path", "status"),
    [
        ("publish", "{device}/telemetry", 204),
        ("publish", "{device}/telemetry/climate", 204),
        ("publish", "{device}/commands", 403),
        ("publish", "{device}", 403),
        ("publish", "{device}/telemetry/#", 403),
        ("publish", "{other}/telemetry", 403),
        ("subscribe", "{device}/commands", 204),
        ("subscribe", "{device}/commands/#", 204),
        ("subscribe", "{device}/telemetry", 403),
        ("subscribe", "{device}/#", 403),
        ("subscribe", "{other}/commands", 403),
        ("subscribe", "+/commands", 403),
        ("subscribe", "#", 403),
    ],
)
def test_access_ends_at_own_topics(broker: Client, action: str, path: str, status: int) -> None:
    device, other = DeviceFactory.create_batch(2)
    topic = f"devices/{path.format(device=device.pk, other=other.pk)}"
    body = {"username": str(device.pk), "topic": topic, "action": action}
    assert broker.post(reverse("v1:mqtt:broker-access"), body).status_code == status


def test_access_of_unknown_device_is_denied(broker: Client) -> None:
    body = {"username": "x", "topic": "devices/x/telemetry", "action": "publish"}
    assert broker.post(reverse("v1:mqtt:broker-access"), body).status_code == 403


@pytest.mark.parametrize("token", ["", "b" * 32])
def test_endpoints_require_the_token_of_the_broker(settings: Settings, token: str) -> None:
    settings.MQTT_BROKER_TOKEN = token
    for header in ("", "Bearer ", f"Bearer {'c' * 32}", "Bearer é"):
        client = Client(headers={"authorization": header} if header else {})
        assert client.post(reverse("v1:mqtt:broker-login"), {}).status_code == 403
