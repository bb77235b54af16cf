"""Session monitor: closes open sockets whose session has ended, renews the slots of the others."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import structlog
from channels.db import database_sync_to_async

from apps.realtime.sessions import Session, sessions_alive
from apps.realtime.slots import slots_extend

if TYPE_CHECKING:
    from apps.realtime.consumers import EventConsumer

# A socket is closed within five seconds after the end of its session.
INTERVAL = 3.0

logger = structlog.get_logger(__name__)


class Watch:
    """Monitor of all open sockets of an event loop, with one set of queries for all of them."""

    def __init__(self) -> None:
        self._sockets: set[EventConsumer] = set()
        self._task: asyncio.Task[None] | None = None

    def add(self, socket: EventConsumer) -> None:
        self._sockets.add(socket)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())

    def remove(self, socket: EventConsumer) -> None:
        self._sockets.discard(socket)
        if self._task is not None and not self._sockets:
            self._task.cancel()
            self._task = None

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(INTERVAL)
            try:
                await self._look()
            except Exception:
                # If the database is unavailable, keep all sockets and retry at the next interval.
                logger.exception("sockets_not_checked")

    async def _look(self) -> None:
        sockets = set(self._sockets)
        alive = await database_sync_to_async(_renew)(
            {socket.session for socket in sockets}, {socket.slot for socket in sockets}
        )
        ended = [socket.end() for socket in sockets if socket.session not in alive]
        await asyncio.gather(*ended, return_exceptions=True)


def _renew(sessions: set[Session], slots: set[str]) -> set[Session]:
    slots_extend(slots)
    return sessions_alive(sessions)


_watches: WeakKeyDictionary[asyncio.AbstractEventLoop, Watch] = WeakKeyDictionary()


def watch() -> Watch:
    """Return the monitor of the running event loop."""
    return _watches.setdefault(asyncio.get_running_loop(), Watch())
