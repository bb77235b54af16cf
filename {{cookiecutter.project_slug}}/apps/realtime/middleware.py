"""What servers by WSGI do, and servers by ASGI leave to the project."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from threading import BoundedSemaphore
from typing import TYPE_CHECKING

from asgiref.sync import sync_to_async
from django.conf import settings
from django.core.handlers.asgi import ASGIRequest
from django.http import StreamingHttpResponse

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from django.http import HttpRequest, HttpResponseBase

# One change of thread for so many: a file comes in parts of 4 KiB.
PARTS_AT_ONCE = 16


class ThreadLimitMiddleware:
    """Works on so many requests at once as `WEB_THREADS` says; the others wait.

    By ASGI each request has a thread of its own, however many there are: a burst of them would open as many
    connections to the database. https://docs.djangoproject.com/en/stable/topics/async/
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response
        self.free = BoundedSemaphore(settings.REALTIME_THREADS)

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        with self.free:
            return self.get_response(request)


class StreamMiddleware:
    """Sends files and exports part by part; Django would read all of them into the memory first.

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
