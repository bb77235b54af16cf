import socket
from typing import Any

import pytest
import structlog
from celery.exceptions import Retry, SoftTimeLimitExceeded
from django.core.checks import run_checks
from django.db import OperationalError
from django.test import TestCase
from kombu import Connection
from kombu.exceptions import OperationalError as BrokerError
from pytest_django import Settings

from config.celery import app
from infrastructure.monitoring import health
from infrastructure.tasks.apps import TasksConfig
from infrastructure.tasks.base import Task
from infrastructure.tasks.health import check_broker
from infrastructure.tasks.models import DeadLetter
from infrastructure.tasks.tasks import command_run, mail_deliver
from infrastructure.tasks.tests.conftest import UNAVAILABLE_ERRORS, Messages
from tests.production import run_python

pytestmark = pytest.mark.django_db


@app.task
def fail(error: str) -> None:
    """Raise the given kind of error."""
    raise {"bug": ValueError, "away": ConnectionError, "slow": SoftTimeLimitExceeded}[error]("failed")


def test_temporary_error_is_retried_with_backoff_and_jitter(messages: Messages) -> None:
    fail.push_request(args=["away"], called_directly=False, id="1", retries=3)
    with pytest.raises(Retry) as retry:
        fail.run("away")
    fail.pop_request()
    assert retry.value.when in range(2 * 2**3 + 1)
    (message,) = messages("default")
    assert (message.headers["retries"], message.headers["id"]) == (4, "1")


@pytest.mark.parametrize("error", ["bug", "slow", "away"])
def test_eager_task_becomes_dead_letter_without_retry(error: str) -> None:
    fail.delay(error)
    letter = DeadLetter.objects.get()
    assert (letter.task, letter.retries) == (fail.name, 0)


def test_dead_letter_is_unique_per_task_id() -> None:
    for _ in range(2):
        fail.apply_async(("bug",), task_id="same")
    assert DeadLetter.objects.get().task_id == "same"


def test_failed_task_is_queued_again_when_database_is_unavailable(
    messages: Messages, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(**_values: Any) -> None:
        raise OperationalError("the database is away")

    monkeypatch.setattr("infrastructure.tasks.base.deadletter_create", refuse)
    fail.apply(("bug",), task_id="same")
    (message,) = messages("default")
    assert (message.headers["id"], message.headers["retries"]) == ("same", fail.max_retries)
    assert message.headers["eta"]


def test_task_inherits_only_ids_of_log_context(messages: Messages) -> None:
    with structlog.contextvars.bound_contextvars(request_id="my-request", user_id="7", code=200):
        fail.delay("bug")
    (message,) = messages("default")
    assert message.headers["__django_structlog__"] == {"request_id": "my-request", "user_id": "7"}


def test_delay_on_commit_queues_after_commit(messages: Messages) -> None:
    with TestCase.captureOnCommitCallbacks(execute=True):
        fail.delay_on_commit("bug")
        assert messages("default") == []
    assert len(messages("default")) == 1


def test_every_task_uses_project_base_class() -> None:
    ours = [task for name, task in app.tasks.items() if name.startswith("infrastructure.")]
    assert {mail_deliver, command_run} <= set(ours)
    for task in ours:
        assert (task.acks_late, task.reject_on_worker_lost, task.ignore_result) == (True, True, True)
        assert isinstance(task, Task)


@pytest.mark.parametrize(
    ("task", "queue"), [(mail_deliver, "critical"), (fail, "default"), (command_run, "bulk")]
)
def test_task_is_routed_to_its_queue(task: Any, queue: str) -> None:
    assert app.amqp.router.route({}, task.name)["queue"].name == queue


def test_command_run_logs_output(caplog: pytest.LogCaptureFixture) -> None:
    command_run.delay("purge_tasks")
    assert "0 dead letters and 0 receipts removed." in caplog.text


def test_command_run_rejects_commands_outside_schedule(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(ValueError, match="'flush' is not in CELERY_BEAT_SCHEDULE"):
        command_run("flush")


def test_command_run_creates_no_dead_letter() -> None:
    command_run.delay("flush")
    assert not DeadLetter.objects.exists()


def test_django_setup_does_not_import_celery() -> None:
    code = "import django, sys; django.setup(); print([m for m in ('celery', 'kombu') if m in sys.modules])"
    assert run_python("-c", code).stdout.strip() == "[]"


def test_readiness_checks_broker_only_when_configured(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "CHECKS", {})
    config = TasksConfig.create("infrastructure.tasks")
    config.ready()
    assert health.CHECKS == {}
    settings.CELERY_TASK_ALWAYS_EAGER = False
    config.ready()
    assert list(health.CHECKS.items()) == [("broker", check_broker)]


def test_check_broker_fails_when_broker_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    check_broker()
    monkeypatch.setattr(app, "connection_for_write", lambda: Connection(UNAVAILABLE_ERRORS))
    with pytest.raises(BrokerError, match=r"127\.0\.0\.1:1"):
        check_broker()


def test_check_broker_times_out_when_broker_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("infrastructure.tasks.health.CHECK_SECONDS", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"redis://127.0.0.1:{server.getsockname()[1]}/0"
        options = app.conf.broker_transport_options
        monkeypatch.setattr(
            app, "connection_for_write", lambda: Connection(url, transport_options=dict(options))
        )
        with pytest.raises(BrokerError, match="Timeout"):
            check_broker()


@pytest.mark.parametrize(
    ("name", "value", "found"),
    [
        ("VISIBILITY_TIMEOUT", 300, "tasks.E002"),
    ],
)
def test_system_check_rejects_short_visibility_timeout(
    settings: Settings, name: str, value: Any, found: str
) -> None:
    assert run_checks() == []
    setattr(settings, name, value)
    (error,) = run_checks()
    assert error.id == found
    assert "s3cret" not in error.msg
