import socket
from typing import Any

import pytest
import structlog
from django.core.checks import run_checks
from django.test import TestCase
from kombu import Connection
from kombu.exceptions import OperationalError as BrokerError
from pytest_django import Settings

from apps.core.tasks import mail_deliver
from config.celery import app
from infrastructure.monitoring import health
from infrastructure.tasks.apps import TasksConfig
from infrastructure.tasks.checks import check_broker
from infrastructure.tasks.tasks import command_run
from infrastructure.tasks.tests.conftest import UNAVAILABLE_BROKER, Messages
from tests.production import run_python

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
    monkeypatch.setattr(app, "connection_for_write", lambda: Connection(UNAVAILABLE_BROKER))
    with pytest.raises(BrokerError, match=r"127\.0\.0\.1:1"):
        check_broker()


def test_check_broker_times_out_when_broker_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("infrastructure.tasks.checks.CHECK_SECONDS", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"redis://127.0.0.1:{server.getsockname()[1]}/0"
        options = app.conf.broker_transport_options
        monkeypatch.setattr(
            app, "connection_for_write", lambda: Connection(url, transport_options=dict(options))
        )
        with pytest.raises(BrokerError, match="Timeout"):
            check_broker()


def test_system_check_rejects_short_visibility_timeout(settings: Settings) -> None:
    assert run_checks() == []
    settings.VISIBILITY_TIMEOUT = 300
    (error,) = run_checks()
    assert error.id == "tasks.E002"
