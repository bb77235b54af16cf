"""Heartbeats and starts of worker and beat: failures."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from celery.signals import setup_logging, worker_init
from django.core.exceptions import ImproperlyConfigured
from pytest_django import Settings

from config.celery import app, keep_logging, prepare_worker
from infrastructure.tasks import healthcheck
from infrastructure.tasks.heartbeats import Heartbeat, heartbeat_remove, heartbeat_write
from infrastructure.tasks.tests.test_heartbeats import beat, is_healthy


@pytest.fixture(autouse=True)
def _running(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.CELERY_TASK_ALWAYS_EAGER = False
    settings.HEARTBEAT_DIR = str(tmp_path)
    monkeypatch.setenv("CELERY_HEARTBEAT_DIR", str(tmp_path))


class Timer:
    """Timer that calls the function immediately and records its cancellation."""

    def __init__(self) -> None:
        self.cancelled = False

    def call_repeatedly(self, _seconds: float, function: Any, args: tuple[str, ...]) -> "Timer":
        function(*args)
        return self

    def cancel(self) -> None:
        self.cancelled = True


def test_healthcheck_prints_usage_for_invalid_arguments(capsys: pytest.CaptureFixture[str]) -> None:
    assert healthcheck.main(["alive"]) == 2
    assert "usage" in capsys.readouterr().err


def test_worker_does_not_start_without_broker(settings: Settings) -> None:
    settings.CELERY_TASK_ALWAYS_EAGER = True
    with pytest.raises(ImproperlyConfigured, match="CELERY_BROKER_URL"):
        Heartbeat(None)


def test_heartbeat_write_logs_warning_when_folder_is_not_writable(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.HEARTBEAT_DIR = "/nowhere"
    heartbeat_write("worker", "consuming")
    assert "heartbeat_unwritable" in caplog.text


def test_worker_signals_have_project_receivers() -> None:
    receivers = [receiver for _, receiver in [*setup_logging.receivers, *worker_init.receivers]]
    assert {keep_logging, prepare_worker} <= {receiver() for receiver in receivers if callable(receiver)}


def test_beat_does_not_start_without_broker(settings: Settings, tmp_path: Path) -> None:
    settings.CELERY_TASK_ALWAYS_EAGER = True
    with pytest.raises(ImproperlyConfigured, match="CELERY_BROKER_URL"):
        beat(tmp_path)


def test_worker_is_ready_only_while_connected() -> None:
    assert "infrastructure.tasks.heartbeats:Heartbeat" in app.steps["consumer"]
    timer = Timer()
    heartbeat = Heartbeat(None)
    assert not is_healthy("ready", "worker")
    heartbeat.start(SimpleNamespace(timer=timer))
    assert is_healthy("ready", "worker")
    heartbeat.stop(None)
    assert not is_healthy("ready", "worker")
    assert timer.cancelled


def test_worker_is_alive_until_it_stops() -> None:
    assert not is_healthy("live", "worker")
    heartbeat = Heartbeat(None)
    assert is_healthy("live", "worker")
    heartbeat.start(SimpleNamespace(timer=Timer()))
    assert is_healthy("live", "worker")
    heartbeat_remove()
    assert not is_healthy("live", "worker")
