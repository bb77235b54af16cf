"""Worker bootsteps that write the heartbeat file.

https://docs.celeryq.dev/en/stable/userguide/extending.html
"""

from __future__ import annotations

import time
from threading import Event, Thread
from typing import Any

from celery import bootsteps

from infrastructure.tasks.checks import require_broker
from infrastructure.tasks.heartbeats import heartbeat_remove, heartbeat_write

INTERVAL = 5
# Longer than the event loop may be blocked, for example by a slow broker.
LOOP_PATIENCE = 60


class Loop:
    """Time of the last iteration of the event loop; None while the broker is disconnected."""

    turned_at: float | None = None


def say_alive() -> None:
    """Write the heartbeat, unless the event loop hangs."""
    turned_at = Loop.turned_at
    if turned_at is None:
        heartbeat_write("worker", "connecting")
    elif time.monotonic() - turned_at < LOOP_PATIENCE:
        heartbeat_write("worker", "consuming")


class Heartbeat(bootsteps.StartStopStep):
    """Heartbeat thread, which runs while the broker is unavailable and there is no event loop.

    If the event loop hangs, it writes no heartbeat, so that the worker is restarted.
    """

    def __init__(self, parent: Any, **kwargs: Any) -> None:
        super().__init__(parent, **kwargs)
        require_broker()
        self.stopped = Event()
        self.thread = Thread(target=self._beat, name="heartbeat", daemon=True)

    def start(self, parent: Any) -> None:
        self.thread.start()

    def stop(self, parent: Any) -> None:
        self.stopped.set()
        self.thread.join()
        heartbeat_remove("worker")

    def _beat(self) -> None:
        while not self.stopped.is_set():
            say_alive()
            self.stopped.wait(INTERVAL)


class Consuming(bootsteps.StartStopStep):
    """Timer in the event loop that records its iterations while the worker is connected."""

    requires = ("celery.worker.consumer.tasks:Tasks",)

    def __init__(self, parent: Any, **kwargs: Any) -> None:
        super().__init__(parent, **kwargs)
        self.timer: Any = None

    def start(self, parent: Any) -> None:
        self._turn()
        self.timer = parent.timer.call_repeatedly(INTERVAL, self._turn)

    def stop(self, parent: Any) -> None:
        Loop.turned_at = None
        if self.timer:
            self.timer.cancel()

    terminate = stop

    @staticmethod
    def _turn() -> None:
        Loop.turned_at = time.monotonic()
