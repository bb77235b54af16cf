"""Beat scheduler with its state in the database and a lease, so that several beats can run."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from threading import Thread
from typing import TYPE_CHECKING, Any

import structlog
from celery.beat import Scheduler
from celery.schedules import crontab, maybe_schedule
from celery.utils import uuid
from django.conf import settings
from django.db import DatabaseError, InterfaceError, close_old_connections, connection
from kombu.exceptions import OperationalError as BrokerError

from infrastructure.durable_tasks.models import Schedule
from infrastructure.durable_tasks.services import schedules
from infrastructure.tasks.checks import require_broker
from infrastructure.tasks.heartbeats import heartbeat_write

if TYPE_CHECKING:
    from datetime import datetime

    from celery.schedules import BaseSchedule

LEASE = "beat"
# How long beat waits for the database at shutdown; the lease expires anyway.
RELEASE_SECONDS = 5

logger = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Entry:
    """Parsed entry of `CELERY_BEAT_SCHEDULE`."""

    task: str
    expression: str
    schedule: BaseSchedule
    args: list[Any]
    kwargs: dict[str, Any]
    options: dict[str, Any]


class DatabaseScheduler(Scheduler):
    """Scheduler that queues each due task once, however many beats run.

    The active beat holds a lease in the database; the others are on standby and acquire it when it was not
    renewed for `BEAT_LEASE_SECONDS`. To queue a task, beat locks the row of the schedule, checks again that
    it is due and that the lease is still its own, publishes, stores the time and commits.
    """

    def setup_schedule(self) -> None:
        require_broker()
        self.patience = float(self.max_interval or 1)
        self.holder = f"{socket.gethostname()}:{os.getpid()}:{uuid()[:8]}"
        self.active = False
        self.closed = False
        self.synced = False
        self.entries = {
            name: _entry(self.app, values) for name, values in settings.CELERY_BEAT_SCHEDULE.items()
        }

    def tick(self, *_args: Any, **_kwargs: Any) -> float:
        """Queue the due tasks; return the seconds until the next task may be due.

        Raises:
            SystemExit: the scheduler was closed. Celery raises it in the signal handler that calls `close`,
                where Python ignores it while a finalizer runs.
        """
        if self.closed:
            raise SystemExit
        close_old_connections()
        try:
            wait = self._tick()
        except (DatabaseError, InterfaceError, BrokerError, OSError):
            # The transaction was rolled back, so the task is still due at the next attempt.
            logger.exception("beat_failed")
            wait = self.patience
        heartbeat_write("beat", "active" if self.active else "standby")
        return wait

    def close(self) -> None:
        self.closed = True
        if self.active:
            # Celery calls this from a signal handler, perhaps during a query that holds the lock of this
            # thread's connection. Another thread has its own connection.
            release = Thread(target=self._release, daemon=True)
            release.start()
            release.join(RELEASE_SECONDS)
        super().close()

    def _release(self) -> None:
        try:
            schedules.lease_release(name=LEASE, holder=self.holder)
        finally:
            connection.close()

    def _tick(self) -> float:
        was_active, self.active = self.active, False
        lease = {"name": LEASE, "holder": self.holder}
        self.active = schedules.lease_take(**lease, seconds=settings.BEAT_LEASE_SECONDS)
        if self.active is not was_active:
            logger.info("beat_active" if self.active else "beat_standby", holder=self.holder)
        if not self.active:
            return self.patience
        if not self.synced:
            schedules.schedule_sync(
                entries={name: (e.task, e.expression) for name, e in self.entries.items()}
            )
            self.synced = True
        waits = [self.patience]
        for row in Schedule.objects.filter(is_enabled=True, name__in=self.entries):
            due, seconds = self.entries[row.name].schedule.is_due(row.last_run_at)
            if due:
                self._fire(row.name)
                seconds = 0
            waits.append(seconds)
        return max(min(waits), 0)

    def _fire(self, name: str) -> None:
        entry = self.entries[name]

        def is_due(last_run_at: datetime) -> bool:
            return entry.schedule.is_due(last_run_at).is_due

        with schedules.schedule_fired(name=name, holder=self.holder, is_due=is_due) as due:
            if due:
                sent = self.app.send_task(entry.task, entry.args, entry.kwargs, **entry.options)
                logger.info("schedule_fired", schedule=name, task=entry.task, child_task_id=sent.id)


def _entry(app: Any, values: dict[str, Any]) -> Entry:
    given = values["schedule"]
    schedule: Any = crontab.from_string(given) if isinstance(given, str) else maybe_schedule(given)
    schedule.app = app
    return Entry(
        task=values["task"],
        expression=str(given),
        schedule=schedule,
        args=list(values.get("args", ())),
        kwargs=dict(values.get("kwargs", {})),
        options=dict(values.get("options", {})),
    )
