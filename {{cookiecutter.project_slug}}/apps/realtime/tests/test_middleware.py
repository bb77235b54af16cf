"""Synchronous views under ASGI."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import pytest
from asgiref.sync import async_to_sync
from django.http import StreamingHttpResponse
from django.test import AsyncRequestFactory, RequestFactory

from apps.realtime.middleware import (
    PARTS_AT_ONCE,
    RESPONSES_PER_THREAD,
    StreamMiddleware,
    with_thread_limit,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_django import Settings


Message = dict[str, Any]
Served = Callable[[Any, Any, Any], Awaitable[None]]
WHOLE = {"type": "http.request", "body": b"", "more_body": False}
PART = {"type": "http.request", "body": b"", "more_body": True}


class Crowd:
    """Concurrent requests that block in the view until `done` is set."""

    def __init__(self, settings: Settings, *, threads: int) -> None:
        settings.REALTIME_THREADS = threads
        self.serve: Served = with_thread_limit(self.application)
        self.inside = 0
        self.read: asyncio.Event = asyncio.Event()
        self.done: asyncio.Event = asyncio.Event()

    async def application(self, _scope: Any, receive: Any, send: Any) -> None:
        while (await receive())["more_body"]:
            pass
        self.inside += 1
        await self.done.wait()
        self.inside -= 1
        await send({"type": "http.response.start"})

    def come(
        self, count: int, *parts: Message, path: str = "/", reads: bool = True
    ) -> list[asyncio.Task[None]]:
        """Start requests that send `parts` as their body, and optionally do not read the response."""

        async def request() -> None:
            coming = iter(parts or [WHOLE])

            async def receive() -> Message:
                for part in coming:
                    return part
                await asyncio.Event().wait()
                raise AssertionError

            async def send(_message: Message) -> None:
                if not reads:
                    await self.read.wait()

            await self.serve({"path": path}, receive, send)

        return [asyncio.ensure_future(request()) for _ in range(count)]


async def settled() -> None:
    """Run all tasks until each is blocked."""
    for _ in range(100):
        await asyncio.sleep(0)


def test_thread_limit_bounds_concurrent_requests(settings: Settings) -> None:
    async def scenario() -> None:
        crowd = Crowd(settings, threads=2)
        tasks = crowd.come(5)
        await settled()
        assert crowd.inside == 2
        crowd.done.set()
        await asyncio.gather(*tasks)
        assert crowd.inside == 0

    async_to_sync(scenario)()


def test_thread_limit_does_not_count_slow_clients(settings: Settings) -> None:
    async def scenario() -> None:
        crowd = Crowd(settings, threads=2)
        senders = crowd.come(5, PART)
        crowd.done.set()
        readers = crowd.come(5, reads=False)
        await settled()
        crowd.done.clear()
        crowd.come(1)
        await settled()
        assert crowd.inside == 1
        assert not any(task.done() for task in senders + readers)

    async_to_sync(scenario)()


def test_unread_responses_are_bounded(settings: Settings) -> None:
    async def scenario() -> None:
        crowd = Crowd(settings, threads=1)
        crowd.done.set()
        crowd.come(RESPONSES_PER_THREAD, reads=False)
        await settled()
        (last,) = crowd.come(1)
        await settled()
        assert not last.done()
        crowd.read.set()
        await last

    async_to_sync(scenario)()


def test_health_checks_respond_when_all_threads_are_busy(settings: Settings) -> None:
    async def scenario() -> None:
        crowd = Crowd(settings, threads=1)
        crowd.come(1)
        crowd.come(1, path="/health/live/")
        await settled()
        assert crowd.inside == 2

    async_to_sync(scenario)()


def test_request_is_rejected_after_wait_timeout(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario() -> None:
        crowd = Crowd(settings, threads=1)
        crowd.come(1)
        await settled()
        monkeypatch.setattr("infrastructure.http.asgi.WAIT_SECONDS", 0)
        (refused,) = crowd.come(1)
        with pytest.raises(TimeoutError):
            await refused
        # The rejected request holds no semaphore.
        crowd.done.set()
        await settled()
        await crowd.come(1)[0]

    async_to_sync(scenario)()


def test_cancelled_request_releases_its_place(settings: Settings) -> None:
    async def scenario() -> None:
        crowd = Crowd(settings, threads=1)
        (first,) = crowd.come(1)
        await settled()
        first.cancel()
        await settled()
        crowd.inside = 0
        crowd.done.set()
        await crowd.come(1)[0]

    async_to_sync(scenario)()


def test_streaming_response_is_sent_in_chunks() -> None:
    made: list[int] = []

    def rows() -> Iterator[str]:
        for number in range(10 * PARTS_AT_ONCE):
            made.append(number)
            yield f"{number}\n"

    serve = StreamMiddleware(lambda _request: StreamingHttpResponse(rows()))

    async def read() -> bytes:
        response = serve(AsyncRequestFactory().get("/"))
        assert isinstance(response, StreamingHttpResponse)
        parts = aiter(response)
        first: bytes = await anext(parts)
        assert len(made) == PARTS_AT_ONCE
        return first + b"".join([part async for part in parts])

    assert async_to_sync(read)() == "".join(f"{number}\n" for number in made).encode()
    assert len(made) == 10 * PARTS_AT_ONCE


def test_streaming_response_is_unchanged_under_wsgi() -> None:
    serve = StreamMiddleware(lambda _request: StreamingHttpResponse(["a", "b"]))
    assert b"".join(serve(RequestFactory().get("/"))) == b"ab"
