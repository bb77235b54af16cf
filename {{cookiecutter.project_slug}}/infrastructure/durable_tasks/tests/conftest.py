"""Fixtures of this app's tests."""

from collections.abc import Iterator
from typing import Any

import pytest
from kombu import Connection
from pytest_django import Settings

from config.celery import app
from infrastructure.durable_tasks.base import Broker
from infrastructure.tasks.tests.conftest import UNAVAILABLE_BROKER, messages

__all__ = ["messages"]


@pytest.fixture
def broker_unavailable(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Make publishing fail: the broker refuses connections."""
    settings.CELERY_TASK_ALWAYS_EAGER = False
    settings.CELERY_TASK_PUBLISH_RETRY = False
    send_task = app.send_task

    def send(*args: Any, **options: Any) -> Any:
        with Connection(UNAVAILABLE_BROKER, transport_options={"max_retries": 0}) as connection:
            return send_task(*args, **options | {"connection": connection})

    monkeypatch.setattr(app, "send_task", send)
    yield
    Broker.succeeded()
