"""WebSocket consumer that sends the events of a user.

https://channels.readthedocs.io/en/stable/topics/consumers.html
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import deque
from contextlib import suppress
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import structlog
from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings
from django.db import InterfaceError, OperationalError
from redis.exceptions import RedisError

from apps.realtime import connection_limits
from apps.realtime.services import BROADCAST, LAYER_SECONDS, group_of, layer_ping
from apps.realtime.session_monitor import session_monitor
from apps.realtime.sessions import session_of_token, ticket_redeem

if TYPE_CHECKING:
    from apps.realtime.session_monitor import Connection
    from apps.realtime.sessions import Session

SUBPROTOCOL = "events.v1"
# Credentials by their prefix, sent as a subprotocol: unlike URLs, it is not logged.
CREDENTIALS = {"ticket.": ticket_redeem, "bearer.": session_of_token}

# https://www.rfc-editor.org/rfc/rfc6455#section-7.4
TOO_LARGE = 1009
# https://www.iana.org/assignments/websocket/websocket.xml#close-code-number
TRY_AGAIN_LATER = 1013
NOT_AUTHENTICATED = 4401
TOO_MANY_SOCKETS = 4429
TOO_MANY_MESSAGES = 4430

# Errors that mean that Redis or the database is unavailable.
UNAVAILABLE_ERRORS = (OSError, RedisError, OperationalError, InterfaceError)

logger = structlog.get_logger(__name__)


class EventConsumer(AsyncWebsocketConsumer):
    """Consumer that sends `{"event": …, "data": …}`; it replies to the event `ping` with `pong`."""

    session: Session
    lease: str

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve the socket and release its lease, also after errors for which `disconnect` is not called.

        If Redis or the database is unavailable, close the socket with code 1013 (try again later).
        """
        responded = False

        async def tracked_send(message: Any) -> None:
            nonlocal responded
            responded = True
            await send(message)

        try:
            # Fails within a timeout; Channels subscribes first, without one.
            await layer_ping()
            await super().__call__(scope, receive, tracked_send)
        except UNAVAILABLE_ERRORS as error:
            if responded:
                raise
            # No traceback: during an outage, every attempt fails alike.
            logger.error("socket_rejected", error=type(error).__name__)  # noqa: TRY400
            await send({"type": "websocket.accept"})
            await send({"type": "websocket.close", "code": TRY_AGAIN_LATER})
        finally:
            if hasattr(self, "lease"):
                await release(self, self.channel_layer, self.channel_name)

    async def connect(self) -> None:
        session = await database_sync_to_async(_authenticate)(list(self.scope["subprotocols"]))
        # Accepted before it is closed: browsers hide the reason of a rejected handshake.
        if session is None:
            await self._reject(NOT_AUTHENTICATED)
            return
        lease = await database_sync_to_async(connection_limits.acquire)(session.user_id)
        if lease is None:
            await self._reject(TOO_MANY_SOCKETS)
            return
        self.session, self.lease = session, lease
        self.received: deque[float] = deque(maxlen=settings.REALTIME_MESSAGES_PER_MINUTE)
        async with asyncio.timeout(LAYER_SECONDS):
            for group in (group_of(session.user_id), BROADCAST):
                await self.channel_layer.group_add(group, self.channel_name)
        session_monitor.add(self)
        await self.accept(SUBPROTOCOL)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        if not hasattr(self, "lease"):
            return
        if len(text_data or bytes_data or "") > settings.REALTIME_MESSAGE_MAX_BYTES:
            await self.close(TOO_LARGE)
        elif self._exceeds_rate():
            await self.close(TOO_MANY_MESSAGES)
        elif _event_of(text_data) == "ping":
            await self._send_event("pong", {})
        else:
            await self._send_event("error", {"code": "unknown_event", "status": HTTPStatus.BAD_REQUEST})

    async def event_message(self, message: dict[str, Any]) -> None:
        """Forward an event that `event_send` sent to a group of this socket."""
        await self._send_event(message["event"], message["data"])

    async def end(self) -> None:
        """Close the socket because its session has ended."""
        await self.close(NOT_AUTHENTICATED)

    async def _reject(self, code: int) -> None:
        await self.accept()
        await self.close(code)

    async def _send_event(self, event: str, data: dict[str, Any]) -> None:
        await self.send(json.dumps({"event": event, "data": data}))

    def _exceeds_rate(self) -> bool:
        now = time.monotonic()
        full = len(self.received) == self.received.maxlen
        exceeded = full and now - self.received[0] < 60  # noqa: PLR2004 - a minute
        self.received.append(now)
        return exceeded


async def release(connection: Connection, layer: Any, channel: str) -> None:
    """Release the lease and the subscriptions of a connection; `channel` is empty if it has none."""
    session_monitor.remove(connection)
    await database_sync_to_async(connection_limits.release)(connection.lease)
    for group in (group_of(connection.session.user_id), BROADCAST) if channel else ():
        # On failure, the channel layer only keeps an unused subscription.
        with suppress(*UNAVAILABLE_ERRORS):
            async with asyncio.timeout(LAYER_SECONDS):
                await layer.group_discard(group, channel)


def _authenticate(subprotocols: list[str]) -> Session | None:
    for subprotocol in subprotocols:
        for prefix, session_of in CREDENTIALS.items():
            if subprotocol.startswith(prefix):
                return session_of(subprotocol.removeprefix(prefix))
    return None


def _event_of(text: str | None) -> Any:
    try:
        message = json.loads(text or "")
    except (ValueError, RecursionError):
        # RecursionError: the JSON is nested too deeply.
        return None
    return message.get("event") if isinstance(message, dict) else None
