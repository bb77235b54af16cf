import os
import time
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError
from django.utils import timezone
from kombu.exceptions import OperationalError as BrokerError
from pytest_django import Settings

from config.celery import app
from infrastructure.tasks import probe
from infrastructure.tasks.models import Lease, Schedule
from infrastructure.tasks.scheduler import DatabaseScheduler
from infrastructure.tasks.services.schedules import schedule_fired
from infrastructure.tasks.tests.conftest import Messages

pytestmark = pytest.mark.django_db

COMMAND = "infrastructure.tasks.tasks.command_run"
LONG_AGO = timezone.now() - timedelta(days=3)


@pytest.fixture(autouse=True)
def _two_entries(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # The connection is that of the test's transaction.
    monkeypatch.setattr("infrastructure.tasks.scheduler.close_old_connections", lambda: None)
    settings.CELERY_TASK_ALWAYS_EAGER = False
    settings.HEARTBEAT_DIR = str(tmp_path)
    settings.CELERY_BEAT_SCHEDULE = {
        "daily": {"task": COMMAND, "schedule": "0 3 * * *", "args": ["clearsessions"]},
        "often": {"task": COMMAND, "schedule": timedelta(hours=1)},
    }


def beat() -> DatabaseScheduler:
    return DatabaseScheduler(cast("Any", app))


def make_due() -> None:
    Schedule.objects.update(last_run_at=LONG_AGO)


def fired(messages: Messages) -> list[Any]:
    return [message.payload[0] for message in messages("bulk")]


def test_without_a_broker_there_is_nothing_to_fire(settings: Settings) -> None:
    settings.CELERY_TASK_ALWAYS_EAGER = True
    with pytest.raises(ImproperlyConfigured, match="CELERY_BROKER_URL"):
        beat()


def test_what_is_new_runs_when_its_time_comes(messages: Messages) -> None:
    assert 0 < beat().tick() <= 5
    assert fired(messages) == []
    expressions = dict(Schedule.objects.values_list("name", "expression"))
    assert expressions == {"daily": "0 3 * * *", "often": "1:00:00"}


def test_what_is_due_is_queued_once_and_what_was_missed_with_it(messages: Messages) -> None:
    scheduler = beat()
    scheduler.tick()
    make_due()
    assert scheduler.tick() == 0
    assert scheduler.tick() > 0
    assert sorted(fired(messages)) == [[], ["clearsessions"]]
    assert set(Schedule.objects.values_list("runs", flat=True)) == {1}


def test_what_was_switched_off_is_not_queued_also_after_a_restart(messages: Messages) -> None:
    beat().tick()
    Lease.objects.all().delete()
    Schedule.objects.update(is_enabled=False)
    make_due()
    beat().tick()
    assert fired(messages) == []


def test_what_is_not_in_the_code_any_more_is_removed(messages: Messages) -> None:
    Schedule.objects.create(name="old", task="a.task", expression="* * * * *", last_run_at=LONG_AGO)
    beat().tick()
    assert set(Schedule.objects.values_list("name", flat=True)) == {"daily", "often"}


@pytest.mark.django_db(transaction=True)
def test_of_two_beats_one_stands_by_until_the_other_ends(messages: Messages) -> None:
    first, second = beat(), beat()
    first.tick()
    make_due()
    second.tick()
    assert fired(messages) == []
    first.tick()
    assert len(fired(messages)) == 2
    first.close()
    make_due()
    second.tick()
    assert len(fired(messages)) == 2


def test_a_beat_that_says_nothing_for_too_long_has_lost_its_place(messages: Messages) -> None:
    first, second = beat(), beat()
    first.tick()
    Lease.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    second.tick()
    make_due()
    first.tick()
    assert not first.active
    assert fired(messages) == []


def test_a_beat_that_lost_its_place_in_the_middle_fires_nothing() -> None:
    scheduler = beat()
    scheduler.tick()
    make_due()
    Lease.objects.update(holder="somebody else")
    with schedule_fired(name="often", holder=scheduler.holder, is_due=lambda _time: True) as due:
        assert not due
    assert Schedule.objects.get(name="often").runs == 0


@pytest.mark.parametrize("error", [OperationalError("away"), BrokerError("away")])
def test_what_could_not_be_queued_is_still_due_and_beat_goes_on(
    messages: Messages, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    scheduler = beat()
    scheduler.tick()
    make_due()

    def refuse(*_args: Any, **_options: Any) -> None:
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(app, "send_task", refuse)
        assert scheduler.tick() > 0
    assert set(Schedule.objects.values_list("last_run_at", flat=True)) == {LONG_AGO}
    scheduler.tick()
    assert len(fired(messages)) == 2


def test_beat_says_that_it_lives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CELERY_HEARTBEAT_DIR", str(tmp_path))
    assert probe.main(["live", "beat"]) == 1
    beat().tick()
    assert probe.main(["live", "beat"]) == probe.main(["ready", "beat"]) == 0


@pytest.mark.parametrize(
    ("state", "age", "answers"),
    [("consuming", 0, (0, 0)), ("connecting", 0, (0, 1)), ("consuming", 120, (1, 1))],
)
def test_a_worker_is_alive_by_its_file_and_ready_when_it_consumes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, state: str, age: float, answers: tuple[int, int]
) -> None:
    monkeypatch.setenv("CELERY_HEARTBEAT_DIR", str(tmp_path))
    file = tmp_path / ".celery-worker"
    file.write_text(state, encoding="utf-8")
    os.utime(file, (time.time() - age, time.time() - age))
    assert (probe.main(["live", "worker"]), probe.main(["ready", "worker"])) == answers


def test_a_probe_that_asks_something_else_is_told_what_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert probe.main(["alive"]) == 2
    assert "usage" in capsys.readouterr().err
