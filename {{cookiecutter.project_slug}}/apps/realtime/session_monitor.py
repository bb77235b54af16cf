"""Session monitor: closes open connections whose session has ended, renews the leases of the others."""

from __future__ import annotations

import asyncio
from typing import Protocol

import structlog
from channels.db import database_sync_to_async

from apps.realtime import connection_limits
from apps.realtime.sessions import Session, sessions_alive

# A connection is closed within five seconds after the end of its session.
INTERVAL = 3.0

logger = structlog.get_logger(__name__)


class Connection(Protocol):
    """WebSocket or event stream."""

    session: Session
    lease: str

    async def end(self) -> None:
        """Close the connection because its session has ended."""


class SessionMonitor:
    """Monitor of all open connections of the process, with one set of queries for all of them."""

    def __init__(self) -> None:
        self._connections: set[Connection] = set()
        self._task: asyncio.Task[None] | None = None

    def add(self, connection: Connection) -> None:
        self._connections.add(connection)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())

    def remove(self, connection: Connection) -> None:
        self._connections.discard(connection)
        if self._task is not None and not self._connections:
            self._task.cancel()
            self._task = None

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(INTERVAL)
            try:
                await self._check()
            except Exception:
                # If the database is unavailable, keep all connections and retry at the next interval.
                logger.exception("session_check_failed")

    async def _check(self) -> None:
        connections = set(self._connections)
        alive = await database_sync_to_async(_renew)(
            {each.session for each in connections}, {each.lease for each in connections}
        )
        ended = [each.end() for each in connections if each.session not in alive]
        await asyncio.gather(*ended, return_exceptions=True)


def _renew(sessions: set[Session], leases: set[str]) -> set[Session]:
    connection_limits.renew(leases)
    return sessions_alive(sessions)


session_monitor = SessionMonitor()
