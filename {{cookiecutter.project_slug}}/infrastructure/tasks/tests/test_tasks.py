from typing import Any

import pytest
import structlog
from django.test import TestCase

from apps.core.tasks import mail_deliver
from config.celery import app
from infrastructure.tasks.tasks import command_run
from infrastructure.tasks.tests.conftest import Messages

pytestmark = pytest.mark.django_db


@app.task
def work(name: str) -> None:
    """Task without options."""


def test_task_inherits_only_ids_of_log_context(messages: Messages) -> None:
    with structlog.contextvars.bound_contextvars(request_id="my-request", user_id="7", code=200):
        work.delay("a")
    (message,) = messages("default")
    assert message.headers["__django_structlog__"] == {"request_id": "my-request", "user_id": "7"}


def test_delay_on_commit_queues_after_commit(messages: Messages) -> None:
    with TestCase.captureOnCommitCallbacks(execute=True):
        work.delay_on_commit("a")
        assert messages("default") == []
    assert len(messages("default")) == 1


@pytest.mark.parametrize("task", [mail_deliver, command_run, work])
def test_task_is_acknowledged_late(task: Any) -> None:
    assert task.acks_late
    assert task.reject_on_worker_lost
    assert task.ignore_result


@pytest.mark.parametrize(
    ("task", "queue"), [(mail_deliver, "critical"), (work, "default"), (command_run, "bulk")]
)
def test_task_is_routed_to_its_queue(task: Any, queue: str) -> None:
    assert app.amqp.router.route({}, task.name)["queue"].name == queue


def test_command_run_logs_output(caplog: pytest.LogCaptureFixture) -> None:
    command_run.delay("purge_sessions")
    assert "0 sessions removed." in caplog.text


def test_command_run_rejects_commands_outside_schedule() -> None:
    with pytest.raises(ValueError, match="'flush' is not in CELERY_BEAT_SCHEDULE"):
        command_run("flush")
