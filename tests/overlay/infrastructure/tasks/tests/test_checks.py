"""Checks of the broker."""

import socket

import pytest
from django.core.checks import run_checks
from kombu import Connection
from kombu.exceptions import OperationalError as BrokerError
from pytest_django import Settings

from config.celery import app
from infrastructure.monitoring import health
from infrastructure.tasks.apps import TasksConfig
from infrastructure.tasks.checks import check_broker
from infrastructure.tasks.tests.conftest import UNAVAILABLE_BROKER

pytestmark = pytest.mark.django_db


@app.task
def work(name: str) -> None:
    """Task without options."""


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
