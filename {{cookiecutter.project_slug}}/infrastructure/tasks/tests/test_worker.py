import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from celery.signals import setup_logging, worker_init
from django.core.exceptions import ImproperlyConfigured
from pytest_django import Settings

from config.celery import app, keep_logging, prepare_worker
from infrastructure.tasks import worker
from infrastructure.tasks.heartbeats import heartbeat_write
from infrastructure.tasks.worker import Consuming, Heartbeat, Loop, say_alive


class Timer:
    """Timer that calls the function immediately and records its cancellation."""

    def __init__(self) -> None:
        self.cancelled = False

    def call_repeatedly(self, _seconds: float, function: Any) -> "Timer":
        function()
        return self

    def cancel(self) -> None:
        self.cancelled = True


@pytest.fixture(autouse=True)
def _running(settings: Settings, tmp_path: Path) -> Iterator[None]:
    settings.CELERY_TASK_ALWAYS_EAGER = False
    settings.HEARTBEAT_DIR = str(tmp_path)
    yield
    Loop.turned_at = None


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / ".celery-worker"


def test_worker_has_heartbeat_bootsteps() -> None:
    assert "infrastructure.tasks.worker:Heartbeat" in app.steps["worker"]
    assert "infrastructure.tasks.worker:Consuming" in app.steps["consumer"]


def test_heartbeat_contains_state_of_worker(file: Path) -> None:
    timer = Timer()
    say_alive()
    assert file.read_text(encoding="utf-8") == "connecting"
    consuming = Consuming(None)
    consuming.start(SimpleNamespace(timer=timer))
    say_alive()
    assert file.read_text(encoding="utf-8") == "consuming"
    consuming.stop(None)
    say_alive()
    assert file.read_text(encoding="utf-8") == "connecting"
    assert timer.cancelled


def test_heartbeat_is_not_written_when_event_loop_hangs(file: Path) -> None:
    Loop.turned_at = time.monotonic() - 2 * worker.LOOP_PATIENCE
    say_alive()
    assert not file.exists()


def test_heartbeat_is_removed_when_worker_stops(file: Path) -> None:
    heartbeat = Heartbeat(None)
    heartbeat.start(None)
    deadline = time.monotonic() + 30
    while not file.exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    heartbeat.stop(None)
    assert not file.exists()


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


def test_worker_signals_have_project_receivers(settings: Settings) -> None:
    receivers = [receiver for _, receiver in [*setup_logging.receivers, *worker_init.receivers]]
    assert {keep_logging, prepare_worker} <= {receiver() for receiver in receivers if callable(receiver)}
