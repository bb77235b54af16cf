"""Requests to the ASGI application, for `test_hostile_requests.py`."""

import asyncio
from typing import Any
from urllib.parse import unquote_to_bytes

from asgiref.sync import async_to_sync

from config.asgi import application
from tests.exchange import Received, Sent


def send_by_asgi(sent: Sent) -> Received:
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": sent.method,
        "scheme": "http",
        "path": unquote_to_bytes(sent.path).decode(errors="replace"),
        "query_string": sent.query.encode("latin-1"),
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in sent.headers.items()],
        "client": ("192.0.2.1", 9),
        "server": ("localhost", 80),
    }
    messages: list[dict[str, Any]] = []
    streams = asyncio.Event()
    body = iter([{"type": "http.request", "body": sent.body, "more_body": False}])

    async def receive() -> dict[str, Any]:
        for message in body:
            return message
        # Simulate a client that stays connected, except to an event stream, which would not end.
        await streams.wait()
        return {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        messages.append(message)
        if (b"Content-Type", b"text/event-stream") in message.get("headers", ()):
            streams.set()

    async_to_sync(application)(scope, receive, send)
    headers = {name.decode().lower(): value.decode("latin-1") for name, value in messages[0]["headers"]}
    return Received(messages[0]["status"], headers, b"".join(part.get("body", b"") for part in messages[1:]))
