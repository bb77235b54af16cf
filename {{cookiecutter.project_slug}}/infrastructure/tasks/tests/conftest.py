"""Fixtures for tests of tasks."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pytest_django import Settings

from apps.core.mail import BUILDERS, Mail
from config.celery import app

UNAVAILABLE_BROKER = "redis://127.0.0.1:1/0"

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
