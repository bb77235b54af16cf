"""Heartbeats and starts of worker and beat: failures."""

from pathlib import Path

import pytest
from celery.signals import setup_logging, worker_init
from django.core.exceptions import ImproperlyConfigured
from pytest_django import Settings

from config.celery import keep_logging, prepare_worker
from infrastructure.tasks import healthcheck
from infrastructure.tasks.heartbeats import Heartbeat, heartbeat_write
from infrastructure.tasks.tests.test_heartbeats import beat


@pytest.fixture(autouse=True)
def _running(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.CELERY_TASK_ALWAYS_EAGER = False
    settings.HEARTBEAT_DIR = str(tmp_path)
    monkeypatch.setenv("CELERY_HEARTBEAT_DIR", str(tmp_path))


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
