"""Unknown tasks and invalid messages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.db import InterfaceError, connections

from config.celery import app
from infrastructure.durable_tasks import consumer as module
from infrastructure.durable_tasks.consumer import Consumer
from infrastructure.durable_tasks.models import DeadLetter

if TYPE_CHECKING:
    from collections.abc import Callable

    from infrastructure.tasks.tests.conftest import Messages

pytestmark = pytest.mark.django_db

TASK = "apps.invoices.tasks.invoice_send"
CALL = {"to": "ann@example.com", "link": "https://example.com/?token=s3cret"}


class Message:
    """Message of the broker that records how it was acknowledged."""

    def __init__(self, message: Any) -> None:
        self.headers, self.payload, self.body = message.headers, message.payload, message.body
        self.delivery_info = message.delivery_info
        self.properties = message.properties
        self.fate = ""

    def ack_log_error(self, *_args: Any) -> None:
        self.fate = "done"

    def reject_log_error(self, *_args: Any, requeue: bool = False) -> None:
        self.fate = "back" if requeue else "gone"


@pytest.fixture
def message(messages: Messages) -> Message:
    app.send_task(TASK, kwargs=CALL, queue="bulk")
    return Message(messages("bulk")[0])


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> Consumer:
    monkeypatch.setattr(connections, "close_all", lambda: None)
    monkeypatch.setattr(module, "RETRY_INTERVAL", 0)
    assert app.conf.worker_consumer == "infrastructure.durable_tasks.consumer:Consumer"
    worker = Consumer.__new__(Consumer)
    worker.connection_errors = ()
    return worker


def test_unknown_task_becomes_dead_letter_without_logging_arguments(
    worker: Consumer, message: Message, caplog: pytest.LogCaptureFixture
) -> None:
    worker.on_unknown_task(None, message, KeyError(TASK))
    letter = DeadLetter.objects.get()
    assert (letter.task, letter.queue, letter.reason) == (TASK, "bulk", "failed")
    assert letter.call == [[], CALL]
    assert message.fate == "done"
    assert not any(secret in caplog.text for secret in CALL.values())


def test_unknown_task_is_requeued_when_database_is_unavailable(
    worker: Consumer, message: Message, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(**_values: Any) -> None:
        raise InterfaceError

    monkeypatch.setattr(module, "deadletter_create", away)
    worker.on_unknown_task(None, message, KeyError(TASK))
    assert message.fate == "back"


def test_invalid_message_is_discarded_without_logging_content(
    worker: Consumer, message: Message, caplog: pytest.LogCaptureFixture
) -> None:
    error = ValueError("ann@example.com")
    ways: list[Callable[[], None]] = [
        lambda: worker.on_unknown_message(CALL, message),
        lambda: worker.on_invalid_task(CALL, message, error),
        lambda: worker.on_decode_error(message, error),
    ]
    for discard in ways:
        message.fate = ""
        discard()
        assert message.fate == "gone"
    assert caplog.text.count("message_unreadable") == 3
    assert not any(secret in caplog.text for secret in CALL.values())
    message.payload = "no call"
    worker.on_unknown_task(None, message, KeyError(TASK))
    assert (message.fate, DeadLetter.objects.count()) == ("gone", 0)
