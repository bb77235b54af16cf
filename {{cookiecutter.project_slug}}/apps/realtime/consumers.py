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

from apps.realtime.services import EVERYBODY, LAYER_SECONDS, group_of, layer_ping
from apps.realtime.sessions import session_of_token, ticket_redeem
from apps.realtime.slots import slot_release, slot_take
from apps.realtime.watch import watch

if TYPE_CHECKING:
    from apps.realtime.sessions import Session

SUBPROTOCOL = "events.v1"
# Credentials, sent as a subprotocol: unlike URLs, it is not logged.
PROOFS = {"ticket.": ticket_redeem, "bearer.": session_of_token}

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
    slot: str

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve the socket and release its slot, also after errors for which `disconnect` is not called.

        If Redis or the database is unavailable, close the socket with code 1013 (try again later).
        """
        answered = False

        async def noting(message: Any) -> None:
            nonlocal answered
            answered = True
            await send(message)

        try:
            # Fails within a timeout; Channels subscribes first, without one.
            await layer_ping()
            await super().__call__(scope, receive, noting)
        except UNAVAILABLE_ERRORS as error:
            if answered:
                raise
            # No traceback: during an outage, every attempt fails alike.
            logger.error("socket_refused", error=type(error).__name__)  # noqa: TRY400
            await send({"type": "websocket.accept"})
            await send({"type": "websocket.close", "code": TRY_AGAIN_LATER})
        finally:
            if hasattr(self, "slot"):
                await self._let_go()

    async def connect(self) -> None:
        session = await database_sync_to_async(_prove)(list(self.scope["subprotocols"]))
        # Accepted before it is closed: browsers hide the reason of a rejected handshake.
        if session is None:
            await self._refuse(NOT_AUTHENTICATED)
            return
        slot = await database_sync_to_async(slot_take)(session.user_id)
        if slot is None:
            await self._refuse(TOO_MANY_SOCKETS)
            return
        self.session, self.slot = session, slot
        self.received: deque[float] = deque(maxlen=settings.REALTIME_MESSAGES_PER_MINUTE)
        async with asyncio.timeout(LAYER_SECONDS):
            for group in (group_of(session.user_id), EVERYBODY):
                await self.channel_layer.group_add(group, self.channel_name)
        watch().add(self)
        await self.accept(SUBPROTOCOL)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        if not hasattr(self, "slot"):
            return
        if len(text_data or bytes_data or "") > settings.REALTIME_MESSAGE_MAX_BYTES:
            await self.close(TOO_LARGE)
        elif self._too_fast():
            await self.close(TOO_MANY_MESSAGES)
        elif _event_of(text_data) == "ping":
            await self._tell("pong", {})
        else:
            await self._tell("error", {"code": "unknown_event", "status": HTTPStatus.BAD_REQUEST})

    async def event_message(self, message: dict[str, Any]) -> None:
        """Forward an event that `event_send` sent to a group of this socket."""
        await self._tell(message["event"], message["data"])

    async def end(self) -> None:
        """Close the socket because its session has ended."""
        await self.close(NOT_AUTHENTICATED)

    async def _let_go(self) -> None:
        watch().remove(self)
        await database_sync_to_async(slot_release)(self.slot)
        for group in (group_of(self.session.user_id), EVERYBODY):
            # On failure, the channel layer only keeps an unused subscription.
            with suppress(*UNAVAILABLE_ERRORS):
                async with asyncio.timeout(LAYER_SECONDS):
                    await self.channel_layer.group_discard(group, self.channel_name)

    async def _refuse(self, code: int) -> None:
        await self.accept()
        await self.close(code)

    async def _tell(self, event: str, data: dict[str, Any]) -> None:
        await self.send(json.dumps({"event": event, "data": data}))

    def _too_fast(self) -> bool:
        now = time.monotonic()
        full = len(self.received) == self.received.maxlen
        too_fast = full and now - self.received[0] < 60  # noqa: PLR2004 - a minute
        self.received.append(now)
        return too_fast


def _prove(subprotocols: list[str]) -> Session | None:
    for offered in subprotocols:
        for prefix, redeem in PROOFS.items():
            if offered.startswith(prefix):
                return redeem(offered.removeprefix(prefix))
    return None


def _event_of(text: str | None) -> Any:
    try:
        message = json.loads(text or "")
    except (ValueError, RecursionError):
        # RecursionError: the JSON is nested too deeply.
        return None
    return message.get("event") if isinstance(message, dict) else None
