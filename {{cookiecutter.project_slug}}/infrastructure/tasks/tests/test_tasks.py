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
from infrastructure.tasks.tests.conftest import AWAY, Messages
from tests.production import run_python

pytestmark = pytest.mark.django_db


@app.task
def fail(error: str) -> None:
    """Fails in the way that its argument names."""
    raise {"bug": ValueError, "away": ConnectionError, "slow": SoftTimeLimitExceeded}[error]("failed")


def test_only_what_may_pass_is_tried_again_after_a_growing_random_time(messages: Messages) -> None:
    fail.push_request(args=["away"], called_directly=False, id="1", retries=3)
    with pytest.raises(Retry) as retry:
        fail.run("away")
    fail.pop_request()
    assert retry.value.when in range(2 * 2**3 + 1)
    (message,) = messages("default")
    assert (message.headers["retries"], message.headers["id"]) == (4, "1")


@pytest.mark.parametrize("error", ["bug", "slow", "away"])
def test_a_task_that_fails_where_it_is_queued_fails_at_once_and_is_kept(error: str) -> None:
    fail.delay(error)
    letter = DeadLetter.objects.get()
    assert (letter.task, letter.retries) == (fail.name, 0)


def test_a_task_is_kept_once_however_often_it_fails() -> None:
    for _ in range(2):
        fail.apply_async(("bug",), task_id="same")
    assert DeadLetter.objects.get().task_id == "same"


def test_what_cannot_be_kept_runs_again_later(messages: Messages, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**_values: Any) -> None:
        raise OperationalError("the database is away")

    monkeypatch.setattr("infrastructure.tasks.base.deadletter_create", refuse)
    fail.apply(("bug",), task_id="same")
    (message,) = messages("default")
    assert (message.headers["id"], message.headers["retries"]) == ("same", fail.max_retries)
    assert message.headers["eta"]


def test_a_task_takes_the_request_over_into_its_log_lines_and_nothing_else(messages: Messages) -> None:
    with structlog.contextvars.bound_contextvars(request_id="my-request", user_id="7", code=200):
        fail.delay("bug")
    (message,) = messages("default")
    assert message.headers["__django_structlog__"] == {"request_id": "my-request", "user_id": "7"}


def test_a_task_is_queued_after_the_commit(messages: Messages) -> None:
    with TestCase.captureOnCommitCallbacks(execute=True):
        fail.delay_on_commit("bug")
        assert messages("default") == []
    assert len(messages("default")) == 1


def test_every_task_is_made_from_the_class_of_the_project() -> None:
    ours = [task for name, task in app.tasks.items() if name.startswith("infrastructure.")]
    assert {mail_deliver, command_run} <= set(ours)
    for task in ours:
        assert (task.acks_late, task.reject_on_worker_lost, task.ignore_result) == (True, True, True)
        assert isinstance(task, Task)


@pytest.mark.parametrize(
    ("task", "queue"), [(mail_deliver, "critical"), (fail, "default"), (command_run, "bulk")]
)
def test_each_task_has_its_queue(task: Any, queue: str) -> None:
    assert app.amqp.router.route({}, task.name)["queue"].name == queue


def test_a_command_of_the_schedule_is_run_and_says_what_it_did(caplog: pytest.LogCaptureFixture) -> None:
    command_run.delay("purge_tasks")
    assert "0 dead letters and 0 receipts removed." in caplog.text


def test_a_message_cannot_run_any_command(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(ValueError, match="'flush' is not in CELERY_BEAT_SCHEDULE"):
        command_run("flush")


def test_a_failed_command_is_not_kept() -> None:
    command_run.delay("flush")
    assert not DeadLetter.objects.exists()


def test_nothing_that_every_process_starts_with_imports_celery() -> None:
    code = "import django, sys; django.setup(); print([m for m in ('celery', 'kombu') if m in sys.modules])"
    assert run_python("-c", code).stdout.strip() == "[]"


def test_the_broker_is_a_component_where_there_is_one(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "CHECKS", {})
    config = TasksConfig.create("infrastructure.tasks")
    config.ready()
    assert health.CHECKS == {}
    settings.CELERY_TASK_ALWAYS_EAGER = False
    config.ready()
    assert list(health.CHECKS.items()) == [("broker", check_broker)]


def test_a_broker_that_is_away_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    check_broker()
    monkeypatch.setattr(app, "connection_for_write", lambda: Connection(AWAY))
    with pytest.raises(BrokerError, match=r"127\.0\.0\.1:1"):
        check_broker()


def test_a_broker_that_hangs_is_found_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
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
def test_settings_with_which_tasks_would_be_lost_or_run_twice_are_refused(
    settings: Settings, name: str, value: Any, found: str
) -> None:
    assert run_checks() == []
    setattr(settings, name, value)
    (error,) = run_checks()
    assert error.id == found
    assert "s3cret" not in error.msg
