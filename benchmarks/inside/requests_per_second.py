"""Helpers that call a WSGI handler like a server and measure requests per second of CPU time."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from django.core.handlers.wsgi import WSGIHandler
from django.test import RequestFactory

if TYPE_CHECKING:
    from collections.abc import Callable


def caller(url: str, token: str) -> Callable[[], bytes]:
    """Return a function that sends one authenticated GET and returns the body."""
    handler = WSGIHandler()
    factory = RequestFactory()

    def call() -> bytes:
        statuses: list[str] = []
        environ = factory.get(
            url,
            HTTP_AUTHORIZATION=f"Bearer {token}",
            HTTP_X_FORWARDED_PROTO="https",
        ).environ
        response = handler(environ, lambda status, _headers, _info=None: statuses.append(status))
        body = b"".join(response)
        response.close()
        if not statuses[0].startswith("200"):
            raise RuntimeError(f"{url}: {statuses[0]} {body!r}")
        return body

    return call


def rate(call: Callable[[], bytes], requests: int) -> float:
    """Return the number of requests per second of CPU time."""
    start = time.process_time()
    for _ in range(requests):
        call()
    return requests / (time.process_time() - start)
