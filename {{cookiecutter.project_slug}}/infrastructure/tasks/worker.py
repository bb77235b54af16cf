"""What the worker tells its surroundings: that it is alive, and whether it consumes.

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
# Longer than the loop may be kept from its timers, by a slow broker for example.
LOOP_PATIENCE = 60


class Loop:
    """When the loop that hands tasks out went round last; None while there is no broker to hear from."""

    turned_at: float | None = None


def say_alive() -> None:
    """Write what the worker does, unless its loop hangs."""
    turned_at = Loop.turned_at
    if turned_at is None:
        heartbeat_write("worker", "connecting")
    elif time.monotonic() - turned_at < LOOP_PATIENCE:
        heartbeat_write("worker", "consuming")


class Heartbeat(bootsteps.StartStopStep):
    """Writes the heartbeat from a thread, so that it goes on while the broker is away and no loop runs.

    A loop that runs and does not go round any more is what a restart mends: then it says nothing.
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
    """Notes that the loop goes round, from a timer of its own, while the worker is connected."""

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
