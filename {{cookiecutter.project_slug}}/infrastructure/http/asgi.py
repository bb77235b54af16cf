"""Request limits that ASGI servers leave to the application."""

import asyncio
import errno
from collections.abc import Awaitable, Callable
from io import BytesIO
from typing import Any

import structlog
from django.conf import settings
from django.core.handlers.asgi import ASGIRequest

from infrastructure.http.body_limit import body_fault, body_length
from infrastructure.http.middleware import identify
from infrastructure.http.problems import unavailable_response

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

# Concurrent large bodies per process. Each is on the disk twice while its form is parsed.
LARGE_BODIES = 2
# How long a request waits for the semaphore before it is rejected with 503.
WAIT_SECONDS = 20

logger = structlog.get_logger(__name__)


async def take(places: asyncio.Semaphore) -> None:
    """Acquire the semaphore; raises TimeoutError after `WAIT_SECONDS`."""
    async with asyncio.timeout(WAIT_SECONDS):
        await places.acquire()


def with_limits(application: Any) -> Any:
    """Wrap an ASGI application: do not read bodies above the limit, and bound the concurrent large ones.

    Under ASGI, Django spools the whole request body to disk before its first middleware runs.
    Source: https://asgi.readthedocs.io/en/stable/specs/www.html#request-receive-event
    """
    places = asyncio.Semaphore(LARGE_BODIES)

    async def limited(scope: dict[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await application(scope, receive, send)
            return
        pairs = ((name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"])
        headers = {name.lower(): value for name, value in pairs}
        has_place = False
        try:
            if body_fault(scope["path"].removeprefix(scope.get("root_path", "")), headers):
                receive, send = _nothing(), _closing(send)
            elif body_length(headers) > settings.FILE_UPLOAD_MAX_MEMORY_SIZE:
                await take(places)
                has_place = True
            await application(scope, receive, send)
        except TimeoutError:
            await _refuse(scope, send, "overloaded")
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
            await _refuse(scope, send, "disk_full")
        finally:
            if has_place:
                places.release()

    return limited


async def _refuse(scope: dict[str, Any], send: Send, reason: str) -> None:
    """Respond with 503 instead of the application."""
    # Other headers may be malformed.
    kept = [(name, value) for name, value in scope["headers"] if name.lower() == b"x-request-id"]
    request = ASGIRequest(scope | {"headers": kept}, BytesIO())
    request_id = identify(request)
    logger.warning("request_refused", reason=reason, request_id=request_id)
    response = unavailable_response(request)
    response["X-Request-ID"] = request_id
    headers = [(name.lower().encode(), value.encode()) for name, value in response.items()]
    await _closing(send)({"type": "http.response.start", "status": response.status_code, "headers": headers})
    await send({"type": "http.response.body", "body": response.content})


def _nothing() -> Receive:
    """Return a `receive` with an empty body and no disconnect."""
    messages = iter([{"type": "http.request", "body": b"", "more_body": False}])

    async def receive() -> dict[str, Any]:
        for message in messages:
            return message
        # Never resolved; cancelled when the response is complete.
        disconnected: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        return await disconnected

    return receive


def _closing(send: Send) -> Send:
    """Wrap `send` to close the connection after the response, else the server receives the unread body."""

    async def send_and_close(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            message = message | {"headers": [*message["headers"], (b"connection", b"close")]}
        await send(message)

    return send_and_close
