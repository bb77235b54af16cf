"""Session monitor: closes open sockets whose session has ended, renews the leases of the others."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import structlog
from channels.db import database_sync_to_async

from apps.realtime import connection_limits
from apps.realtime.sessions import Session, sessions_alive

if TYPE_CHECKING:
    from apps.realtime.consumers import EventConsumer

# A socket is closed within five seconds after the end of its session.
INTERVAL = 3.0

logger = structlog.get_logger(__name__)


class SessionMonitor:
    """Monitor of all open sockets of the process, with one set of queries for all of them."""

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
                await self._check()
            except Exception:
                # If the database is unavailable, keep all sockets and retry at the next interval.
                logger.exception("session_check_failed")

    async def _check(self) -> None:
        sockets = set(self._sockets)
        alive = await database_sync_to_async(_renew)(
            {socket.session for socket in sockets}, {socket.lease for socket in sockets}
        )
        ended = [socket.end() for socket in sockets if socket.session not in alive]
        await asyncio.gather(*ended, return_exceptions=True)


def _renew(sessions: set[Session], leases: set[str]) -> set[Session]:
    connection_limits.renew(leases)
    return sessions_alive(sessions)


session_monitor = SessionMonitor()
