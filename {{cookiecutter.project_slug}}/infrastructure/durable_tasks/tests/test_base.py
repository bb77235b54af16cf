"""Retries, dead letters, publishing without a broker, and tasks that run once."""

from typing import Any

import pytest
import structlog
from celery.exceptions import Retry, SoftTimeLimitExceeded
from django.db import OperationalError
from django.test import TestCase

from config.celery import app
from infrastructure.durable_tasks.base import Broker, Task
from infrastructure.durable_tasks.models import DeadLetter, IdempotencyKey
from infrastructure.tasks.tasks import command_run
from infrastructure.tasks.tests.conftest import Messages

pytestmark = pytest.mark.django_db

DONE: list[str] = []


@app.task
def fail(error: str) -> None:
    """Raise the given kind of error."""
    raise {"bug": ValueError, "unavailable": ConnectionError, "slow": SoftTimeLimitExceeded}[error]("failed")


@app.task(runs_once=True)
def work(name: str) -> None:
    """Record the call, then fail if the name says so."""
    DONE.append(name)
    if name == "fail":
        raise ValueError


def test_every_task_uses_the_base_class() -> None:
    ours = [task for name, task in app.tasks.items() if name.startswith(("apps.", "infrastructure."))]
    assert command_run in ours
    assert all(isinstance(task, Task) for task in ours)


def test_temporary_error_is_retried_with_backoff_and_jitter(messages: Messages) -> None:
    fail.push_request(args=["unavailable"], called_directly=False, id="1", retries=3)
    with pytest.raises(Retry) as retry:
        fail.run("unavailable")
    fail.pop_request()
    assert retry.value.when in range(2 * 2**3 + 1)
    (message,) = messages("default")
    assert (message.headers["retries"], message.headers["id"]) == (4, "1")


@pytest.mark.parametrize("error", ["bug", "slow", "unavailable"])
def test_eager_task_becomes_dead_letter_without_retry(error: str) -> None:
    fail.delay(error)
    letter = DeadLetter.objects.get()
    assert (letter.task, letter.retries) == (fail.name, 0)


def test_dead_letter_is_unique_per_task_id() -> None:
    for _ in range(2):
        fail.apply_async(("bug",), task_id="same")
    assert DeadLetter.objects.get().task_id == "same"


def test_command_run_creates_no_dead_letter() -> None:
    command_run.delay("flush")
    assert not DeadLetter.objects.exists()


def test_failed_task_is_queued_again_when_database_is_unavailable(
    messages: Messages, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(**_values: Any) -> None:
        raise OperationalError("the database is unavailable")

    monkeypatch.setattr("infrastructure.durable_tasks.base.deadletter_create", refuse)
    fail.apply(("bug",), task_id="same")
    (message,) = messages("default")
    assert (message.headers["id"], message.headers["retries"]) == ("same", fail.max_retries)
    assert message.headers["eta"]


def test_delay_on_commit_queues_after_commit_with_hidden_arguments(messages: Messages) -> None:
    with TestCase.captureOnCommitCallbacks(execute=True):
        fail.delay_on_commit("bug")
        assert messages("default") == []
    (message,) = messages("default")
    assert message.headers["argsrepr"] == message.headers["kwargsrepr"] == "…"


def test_task_is_stored_with_request_id_when_broker_is_unavailable(broker_unavailable: None) -> None:
    with structlog.contextvars.bound_contextvars(request_id="my-request"):
        result = fail.delay("bug")
    letter = DeadLetter.objects.get()
    assert (letter.task, letter.reason, letter.request_id) == (fail.name, "unpublished", "my-request")
    assert (letter.task_id, letter.call) == (result.id, [["bug"], {}])


def test_circuit_breaker_skips_broker_after_failure(
    broker_unavailable: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[str] = []
    send_task = app.send_task

    def send(name: str, *args: Any, **options: Any) -> Any:
        tries.append(name)
        return send_task(name, *args, **options)

    monkeypatch.setattr(app, "send_task", send)
    for _ in range(3):
        fail.delay("bug")
    assert len(tries) == 1
    assert DeadLetter.objects.filter(reason="unpublished").count() == 3
    monkeypatch.setattr("infrastructure.durable_tasks.base.BROKER_RETRY_INTERVAL", 0)
    Broker.failed()
    fail.delay("bug")
    assert len(tries) == 2


def test_task_that_runs_once_is_skipped_when_redelivered() -> None:
    DONE.clear()
    for _ in range(2):
        work.apply_async(("a",), task_id="same")
    work.delay("b")
    assert DONE == ["a", "b"]


def test_task_that_runs_once_runs_again_after_failure() -> None:
    DONE.clear()
    for _ in range(2):
        work.apply_async(("fail",), task_id="same")
    assert DONE == ["fail", "fail"]
    assert not IdempotencyKey.objects.exists()


def test_direct_call_needs_no_idempotency_key() -> None:
    DONE.clear()
    work("a")
    work("a")
    assert DONE == ["a", "a"]
    assert not IdempotencyKey.objects.exists()
