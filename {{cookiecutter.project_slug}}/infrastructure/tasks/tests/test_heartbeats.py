import os
import time
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from django.utils import timezone
from pytest_django import Settings

from config.celery import app
from infrastructure.tasks import healthcheck
from infrastructure.tasks.heartbeats import Scheduler
from infrastructure.tasks.tests.conftest import Messages


@pytest.fixture(autouse=True)
def _running(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.CELERY_TASK_ALWAYS_EAGER = False
    settings.HEARTBEAT_DIR = str(tmp_path)
    monkeypatch.setenv("CELERY_HEARTBEAT_DIR", str(tmp_path))


def is_healthy(question: str, process: str) -> bool:
    return healthcheck.main([question, process]) == 0


@pytest.mark.parametrize(
    ("state", "age", "live", "ready"),
    [
        ("consuming", 0, True, True),
        ("consuming", 120, False, False),
        ("connecting", 0, True, False),
        ("connecting", 120, True, False),
    ],
)
def test_healthcheck_reads_age_and_state(
    tmp_path: Path, state: str, age: float, *, live: bool, ready: bool
) -> None:
    file = tmp_path / ".celery-worker"
    file.write_text(state, encoding="utf-8")
    os.utime(file, (time.time() - age, time.time() - age))
    assert is_healthy("live", "worker") is live
    assert is_healthy("ready", "worker") is ready


def beat(folder: Path) -> Scheduler:
    return Scheduler(cast("Any", app), schedule_filename=str(folder / "schedule"))


def test_beat_queues_due_tasks_and_writes_heartbeat(messages: Messages, tmp_path: Path) -> None:
    scheduler = beat(tmp_path)
    assert not is_healthy("live", "beat")
    scheduler.tick()
    assert messages("bulk") == []
    assert is_healthy("live", "beat")
    assert is_healthy("ready", "beat")
    scheduler.schedule["purge_sessions"].last_run_at = timezone.now() - timedelta(days=2)
    scheduler.close()

    # The time of the last run is in the file.
    scheduler = beat(tmp_path)
    scheduler.tick()
    (message,) = messages("bulk")
    assert message.payload[0] == ["purge_sessions"]
    scheduler.close()
