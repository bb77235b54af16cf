"""Server-sent events: the events of a user for clients that only listen.

https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

from __future__ import annotations

import asyncio
import json
import random
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import structlog
from channels.layers import get_channel_layer
from django.conf import settings

from apps.realtime import connection_limits
from apps.realtime.consumers import UNAVAILABLE_ERRORS, release
from apps.realtime.services import BROADCAST, LAYER_SECONDS, group_of
from apps.realtime.session_monitor import session_monitor

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from apps.realtime.sessions import Session
    from infrastructure.http.asgi import Receive, Send

# Also read by `apps.realtime.server`, which is loaded before the apps.
KEY = "realtime.stream"
CONTENT_TYPE = "text/event-stream"
# Comments keep idle connections of proxies open.
KEEP_ALIVE_SECONDS = 15
# The stream of a client that does not read is ended.
SEND_SECONDS = 20

logger = structlog.get_logger(__name__)


class EventStream:
    """Stream of events, which continues a response of Django."""

    def __init__(self, session: Session, lease: str) -> None:
        self.session, self.lease = session, lease
        self._channel = ""
        self._closed = asyncio.Event()

    async def end(self) -> None:
        """End the stream because its session has ended."""
        self.close()

    def close(self) -> None:
        self._closed.set()

    async def run(self, beginning: bytes, receive: Receive, send: Send) -> None:
        """Send the beginning of the response, then events, for at most `REALTIME_STREAM_SECONDS`.

        The stream also ends with its session, its client and the process.
        """
        layer: Any = get_channel_layer()
        session_monitor.add(self)
        try:
            async with asyncio.timeout(LAYER_SECONDS):
                self._channel = await layer.new_channel()
                for group in (group_of(self.session.user_id), BROADCAST):
                    await layer.group_add(group, self._channel)
        except UNAVAILABLE_ERRORS as error:
            # The client reconnects, and then gets 503 during an outage.
            logger.error("stream_failed", error=type(error).__name__)  # noqa: TRY400 - as for sockets
        else:
            await self._run(_events(beginning, layer, self._channel), receive, send)

    async def release(self) -> None:
        await release(self, get_channel_layer(), self._channel)

    async def _run(self, events: AsyncIterator[bytes], receive: Receive, send: Send) -> None:
        running = (
            _forward(events, send),
            _forward(_comments(), send),
            _disconnected(receive),
            self._closed.wait(),
        )
        tasks = [asyncio.create_task(each) for each in running]
        # With jitter, so that not all clients of a restarted server reconnect together.
        seconds = settings.REALTIME_STREAM_SECONDS * random.uniform(0.8, 1)  # noqa: S311
        try:
            await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            results = await asyncio.gather(*tasks, return_exceptions=True)
        for result in results:
            # OSError: the client is gone, or does not read.
            if isinstance(result, Exception) and not isinstance(result, OSError):
                raise result


def stream_open(scope: dict[str, Any], session: Session) -> None:
    """Continue the response to a request with a stream; only an ASGI server can.

    Args:
        scope: ASGI scope of the request.
        session: session of the stream.

    Raises:
        ConnectionLimitError: the user has `REALTIME_SOCKETS_PER_USER` connections.
    """
    lease = connection_limits.acquire(session.user_id)
    if lease is None:
        raise connection_limits.ConnectionLimitError
    scope[KEY] = EventStream(session, lease)


def with_event_streams(application: Any) -> Any:
    """Wrap an ASGI application: run streams after Django has finished the beginning of their response.

    So a stream occupies neither a thread nor a database connection.
    """

    async def streaming(scope: dict[str, Any], receive: Receive, send: Send) -> None:
        is_open, beginning = False, b""

        async def sent(message: dict[str, Any]) -> None:
            nonlocal is_open, beginning
            if KEY in scope and message["type"] == "http.response.start":
                is_open = message["status"] == 200  # noqa: PLR2004 - not if a middleware has failed
                headers = [pair for pair in message["headers"] if pair[0].lower() != b"content-length"]
                message = message | {"headers": headers}
            elif is_open:
                # Sent after the subscription, so that the client misses no later event.
                beginning += message["body"]
                return
            await send(message)

        try:
            await application(scope, receive, sent)
            if is_open:
                await scope[KEY].run(beginning, receive, send)
        finally:
            if stream := scope.pop(KEY, None):
                await stream.release()
        if is_open:
            with suppress(OSError):
                await send({"type": "http.response.body", "body": b""})

    return streaming


async def _events(beginning: bytes, layer: Any, channel: str) -> AsyncIterator[bytes]:
    yield beginning
    while True:
        message = await layer.receive(channel)
        # A line break would begin another field.
        event = " ".join(message["event"].split())
        yield f"event: {event}\ndata: {json.dumps(message['data'])}\n\n".encode()


async def _comments() -> AsyncIterator[bytes]:
    while True:
        await asyncio.sleep(KEEP_ALIVE_SECONDS)
        yield b":\n\n"


async def _forward(parts: AsyncIterator[bytes], send: Send) -> None:
    async for part in parts:
        async with asyncio.timeout(SEND_SECONDS):
            await send({"type": "http.response.body", "body": part, "more_body": True})


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
