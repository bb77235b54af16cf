"""Thread limit and streaming for synchronous views under ASGI, which WSGI servers provide themselves."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.core.handlers.asgi import ASGIRequest
from django.http import StreamingHttpResponse

from infrastructure.http.asgi import take

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from django.http import HttpRequest, HttpResponseBase

    from infrastructure.http.asgi import Receive, Send

# Maximum number of responses being sent, per thread.
RESPONSES_PER_THREAD = 16
# Chunks (of 4 KiB for files) per switch between event loop and thread.
PARTS_AT_ONCE = 16


def with_thread_limit(application: Any) -> Any:
    """Wrap an ASGI application so that it processes at most `WEB_THREADS` requests concurrently; others wait.

    Django starts a thread, and with it a database connection, for each request, without a limit. A request
    counts from the end of its body to the start of its response, so that slow clients block no thread.
    https://docs.djangoproject.com/en/stable/topics/async/
    """
    working = asyncio.Semaphore(settings.REALTIME_THREADS)
    # A response that is being sent keeps its idle thread.
    open_ = asyncio.Semaphore(settings.REALTIME_THREADS * RESPONSES_PER_THREAD)

    async def limited(scope: dict[str, Any], receive: Receive, send: Send) -> None:
        taken: list[asyncio.Semaphore] = []
        # Health checks must respond while all threads wait for the database.
        wanted = [open_] if scope["path"].startswith("/health/") else [open_, working]

        async def received() -> dict[str, Any]:
            message = await receive()
            if message["type"] == "http.request" and not message.get("more_body"):
                while wanted:
                    await take(wanted[0])
                    taken.append(wanted.pop(0))
            return message

        async def sent(message: dict[str, Any]) -> None:
            if working in taken:
                taken.remove(working)
                working.release()
            await send(message)

        try:
            await application(scope, received, sent)
        finally:
            for places in taken:
                places.release()

    return limited


class StreamMiddleware:
    """Middleware that streams files and exports; Django would load synchronous iterators into memory first.

    https://docs.djangoproject.com/en/stable/ref/request-response/#django.http.StreamingHttpResponse
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if not isinstance(request, ASGIRequest) or not isinstance(response, StreamingHttpResponse):
            return response
        parts = response.streaming_content
        if isinstance(parts, Iterator):
            response.streaming_content = _in_thread(parts)
        return response


async def _in_thread(parts: Iterator[bytes]) -> AsyncIterator[bytes]:
    @sync_to_async
    def read() -> bytes:
        return b"".join(islice(parts, PARTS_AT_ONCE))

    while part := await read():
        yield part
