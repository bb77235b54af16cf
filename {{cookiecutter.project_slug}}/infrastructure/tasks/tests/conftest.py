"""Fixtures of this app's tests."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from kombu import Connection
from pytest_django import Settings

from apps.core.mail import BUILDERS, Mail
from config.celery import app
from infrastructure.tasks.base import Broker

UNAVAILABLE_ERRORS = "redis://127.0.0.1:1/0"

Messages = Callable[[str], list[Any]]


def verify_mail(*, name: str) -> Mail:
    link = "https://a/?" + f"token={name}"
    return Mail(to=f"{name}@example.com", template="users/mail/verify_email", context={"link": link})


BUILDERS["tests.verify"] = verify_mail


@pytest.fixture
def messages(settings: Settings) -> Iterator[Messages]:
    """Queue tasks in memory without running them; return a function that drains a queue."""
    settings.CELERY_TASK_ALWAYS_EAGER = False

    def taken(queue: str) -> list[Any]:
        found = []
        with app.connection_for_read() as connection:
            while message := app.amqp.queues[queue](connection.default_channel).get(no_ack=True):
                found.append(message)
        return found

    for queue in app.amqp.queues:
        taken(queue)
    yield taken
    for queue in app.amqp.queues:
        taken(queue)


@pytest.fixture
def broker_away(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Make publishing fail: the broker refuses connections."""
    settings.CELERY_TASK_ALWAYS_EAGER = False
    settings.CELERY_TASK_PUBLISH_RETRY = False
    send_task = app.send_task

    def send(*args: Any, **options: Any) -> Any:
        with Connection(UNAVAILABLE_ERRORS) as connection:
            return send_task(*args, **options | {"connection": connection})

    monkeypatch.setattr(app, "send_task", send)
    yield
    Broker.succeeded()
