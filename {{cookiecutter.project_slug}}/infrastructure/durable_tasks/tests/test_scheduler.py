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
from infrastructure.durable_tasks.models import Lease, Schedule
from infrastructure.durable_tasks.scheduler import DatabaseScheduler
from infrastructure.durable_tasks.services.schedules import schedule_fired
from infrastructure.tasks import healthcheck
from infrastructure.tasks.tests.conftest import Messages

pytestmark = pytest.mark.django_db

COMMAND = "infrastructure.tasks.tasks.command_run"
LONG_AGO = timezone.now() - timedelta(days=3)


@pytest.fixture(autouse=True)
def _two_entries(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Keep the connection, which has the test's transaction.
    monkeypatch.setattr("infrastructure.durable_tasks.scheduler.close_old_connections", lambda: None)
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


def test_beat_does_not_start_without_broker(settings: Settings) -> None:
    settings.CELERY_TASK_ALWAYS_EAGER = True
    with pytest.raises(ImproperlyConfigured, match="CELERY_BROKER_URL"):
        beat()


def test_schedule_does_not_run_immediately_when_new(messages: Messages) -> None:
    assert 0 < beat().tick() <= 5
    assert fired(messages) == []
    expressions = dict(Schedule.objects.values_list("name", "expression"))
    assert expressions == {"daily": "0 3 * * *", "often": "1:00:00"}


def test_schedule_is_queued_once_after_missed_runs(messages: Messages) -> None:
    scheduler = beat()
    scheduler.tick()
    make_due()
    assert scheduler.tick() == 0
    assert scheduler.tick() > 0
    assert sorted(fired(messages)) == [[], ["clearsessions"]]
    assert set(Schedule.objects.values_list("runs", flat=True)) == {1}


def test_schedule_stays_disabled_after_restart(messages: Messages) -> None:
    beat().tick()
    Lease.objects.all().delete()
    Schedule.objects.update(is_enabled=False)
    make_due()
    beat().tick()
    assert fired(messages) == []


def test_schedule_is_deleted_when_removed_from_settings(messages: Messages) -> None:
    Schedule.objects.create(name="old", task="a.task", expression="* * * * *", last_run_at=LONG_AGO)
    beat().tick()
    assert set(Schedule.objects.values_list("name", flat=True)) == {"daily", "often"}


@pytest.mark.django_db(transaction=True)
def test_second_beat_takes_over_when_first_ends(messages: Messages) -> None:
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


@pytest.mark.django_db(transaction=True)
def test_beat_ends_when_exit_of_signal_handler_was_ignored(messages: Messages) -> None:
    scheduler = beat()
    scheduler.tick()
    make_due()
    scheduler.close()
    with pytest.raises(SystemExit):
        scheduler.tick()
    assert fired(messages) == []


def test_beat_loses_lease_after_expiry(messages: Messages) -> None:
    first, second = beat(), beat()
    first.tick()
    Lease.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    second.tick()
    make_due()
    first.tick()
    assert not first.active
    assert fired(messages) == []


def test_beat_queues_nothing_when_lease_is_lost_during_tick() -> None:
    scheduler = beat()
    scheduler.tick()
    make_due()
    Lease.objects.update(holder="another")
    with schedule_fired(name="often", holder=scheduler.holder, is_due=lambda _time: True) as due:
        assert not due
    assert Schedule.objects.get(name="often").runs == 0


@pytest.mark.parametrize("error", [OperationalError("unavailable"), BrokerError("unavailable")])
def test_schedule_stays_due_when_queueing_fails(
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


def test_beat_writes_heartbeat(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CELERY_HEARTBEAT_DIR", str(tmp_path))
    assert healthcheck.main(["live", "beat"]) == 1
    beat().tick()
    assert healthcheck.main(["live", "beat"]) == healthcheck.main(["ready", "beat"]) == 0
