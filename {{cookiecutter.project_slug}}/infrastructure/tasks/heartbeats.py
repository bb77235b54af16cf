"""Heartbeat files of the worker and beat, so that health checks need no broker connection.

https://docs.celeryq.dev/en/stable/userguide/extending.html
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import structlog
from celery import bootsteps
from celery.beat import PersistentScheduler
from celery.schedules import crontab
from celery.signals import worker_shutdown
from django.conf import settings

from infrastructure.tasks.checks import require_broker

INTERVAL = 5

logger = structlog.get_logger(__name__)


def heartbeat_path(process: str) -> Path:
    """Return the path of the heartbeat file of a process (`worker` or `beat`)."""
    return Path(settings.HEARTBEAT_DIR) / f".celery-{process}"


def heartbeat_write(process: str, state: str) -> None:
    """Write the state of a process atomically."""
    path = heartbeat_path(process)
    new = path.with_suffix(".new")
    try:
        new.write_text(state, encoding="utf-8")
        new.replace(path)
    except OSError as error:
        # Not fatal: health checks notice the outdated file.
        logger.warning("heartbeat_unwritable", path=str(path), reason=error.strerror)


class Heartbeat(bootsteps.StartStopStep):
    """Step of the worker that writes its heartbeat in the event loop, while the broker is connected."""

    requires = ("celery.worker.consumer.tasks:Tasks",)

    def __init__(self, parent: Any, **kwargs: Any) -> None:
        super().__init__(parent, **kwargs)
        require_broker()
        self.timer: Any = None
        heartbeat_write("worker", "connecting")

    def start(self, parent: Any) -> None:
        heartbeat_write("worker", "consuming")
        self.timer = parent.timer.call_repeatedly(INTERVAL, heartbeat_write, ("worker", "consuming"))

    def stop(self, parent: Any) -> None:
        if self.timer:
            self.timer.cancel()
        heartbeat_write("worker", "connecting")

    terminate = stop


@worker_shutdown.connect
def heartbeat_remove(**_kwargs: Any) -> None:
    heartbeat_path("worker").unlink(missing_ok=True)


class Scheduler(PersistentScheduler):
    """Celery's scheduler with a heartbeat, and with cron expressions, as settings do not import Celery."""

    def setup_schedule(self) -> None:
        require_broker()
        for entry in self.app.conf.beat_schedule.values():
            if isinstance(entry["schedule"], str):
                entry["schedule"] = crontab.from_string(entry["schedule"])
        super().setup_schedule()

    def tick(self, *args: Any, **kwargs: Any) -> float:
        wait = super().tick(*args, **kwargs)
        heartbeat_write("beat", "active")
        return wait
