"""Admin of devices, messages and commands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.core.exceptions import UnavailableError
from apps.mqtt.models import Device, Message
from apps.mqtt.tests import handlers
from apps.mqtt.tests.factories import CommandFactory, DeviceFactory, MessageFactory
from apps.users.tests.factories import SuperuserFactory
from apps.users.tests.helpers import browser_of

if TYPE_CHECKING:
    from django.test import Client as Browser
    from pytest_django import DjangoAssertNumQueries, Settings

FACTORIES: dict[str, Any] = {"device": DeviceFactory, "message": MessageFactory, "command": CommandFactory}


@pytest.fixture
def root(db: None) -> Browser:
    return browser_of(SuperuserFactory.create())


@pytest.mark.parametrize("model", FACTORIES)
def test_changelist_searches_with_a_constant_number_of_queries(
    root: Browser, model: str, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    url = reverse(f"admin:mqtt_{model}_changelist")
    row = FACTORIES[model].create()
    FACTORIES[model].create()
    with CaptureQueriesContext(connection) as short:
        root.get(url)
    FACTORIES[model].create_batch(10)

    with django_assert_num_queries(len(short)):
        root.get(url)
    owner = row.owner if model == "device" else row.device.owner
    assert root.get(url, {"q": owner.email}).context["cl"].result_count == 1


def test_devices_are_revoked_and_their_passwords_not_shown(root: Browser) -> None:
    device = DeviceFactory.create(password="d1" * 32)
    page = root.get(reverse("admin:mqtt_device_change", args=[device.pk])).content.decode()
    assert device.password not in page

    action = {"action": "revoke", "_selected_action": [device.pk]}
    root.post(reverse("admin:mqtt_device_changelist"), action)
    assert not Device.objects.get().is_active


def test_failed_messages_are_processed_again(root: Browser) -> None:
    message = MessageFactory.create(error="KeyError")
    action = {"action": "retry", "_selected_action": [message.pk]}
    response = root.post(reverse("admin:mqtt_message_changelist"), action, follow=True)
    assert "1 messages were processed." in response.content.decode()
    assert not Message.objects.get().error


def test_unavailable_service_is_reported(root: Browser, settings: Settings) -> None:
    settings.MQTT_HANDLERS = {"telemetry": ["apps.mqtt.tests.handlers.record"]}
    handlers.errors.append(UnavailableError())
    message = MessageFactory.create(error="KeyError")
    action = {"action": "retry", "_selected_action": [message.pk]}
    response = root.post(reverse("admin:mqtt_message_changelist"), action, follow=True)
    assert "temporarily unavailable" in response.content.decode()
    assert Message.objects.get().error
