"""How long the body of a request may be. It is imported before there are apps."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from django.conf import settings

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

# What a form with one file has beside it: boundaries, headers, small fields.
FORM_BYTES = 65_536


def max_body_bytes(content_type: str) -> int:
    """The longest body of a type; a form may hold a file as large as is allowed."""
    if content_type.partition(";")[0].strip().lower() == "multipart/form-data":
        return int(settings.FILE_MAX_BYTES) + FORM_BYTES
    return int(settings.DATA_UPLOAD_MAX_MEMORY_SIZE)


def body_fault(content_length: str, content_type: str, transfer_encoding: str) -> str | None:
    """Why a body is refused by its headers alone: `length_required`, `body_too_large`, or None."""
    # What is sent in pieces ends where it likes, whatever length it says as well.
    if transfer_encoding:
        return "length_required"
    length = int(content_length) if content_length.isdecimal() else 0
    return "body_too_large" if length > max_body_bytes(content_type) else None


def with_body_limit(application: Any) -> Any:
    """An ASGI application that reads nothing of what `BodyLimitMiddleware` refuses.

    Django reads the whole body of a request, to the disk, before its first middleware sees it.
    Source: https://asgi.readthedocs.io/en/stable/specs/www.html#request-receive-event
    """

    async def limited(scope: dict[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and _fault_of(scope):
            receive, send = _nothing(), _closing(send)
        await application(scope, receive, send)

    return limited


def _fault_of(scope: dict[str, Any]) -> str | None:
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
    names = ("content-length", "content-type", "transfer-encoding")
    return body_fault(*(headers.get(name, "") for name in names))


def _nothing() -> Receive:
    """An empty body, and a client that stays."""
    messages = iter([{"type": "http.request", "body": b"", "more_body": False}])

    async def receive() -> dict[str, Any]:
        for message in messages:
            return message
        # Nobody waits for longer than the answer takes.
        disconnected: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        return await disconnected

    return receive


def _closing(send: Send) -> Send:
    """Ends the connection with the answer: a server would go on to receive what nobody reads."""

    async def send_and_close(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            message = message | {"headers": [*message["headers"], (b"connection", b"close")]}
        await send(message)

    return send_and_close
