"""Synchronous views behind a server by ASGI."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, BrokenBarrierError
from typing import TYPE_CHECKING

from asgiref.sync import async_to_sync
from django.http import HttpResponse, StreamingHttpResponse
from django.test import AsyncRequestFactory, RequestFactory

from apps.realtime.middleware import PARTS_AT_ONCE, StreamMiddleware, ThreadLimitMiddleware

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.http import HttpRequest
    from pytest_django import Settings


def meets(people: int, *, limit: int, settings: Settings) -> bool:
    """Whether so many requests are in the view at once."""
    settings.REALTIME_THREADS = limit
    meeting = Barrier(people)

    def view(_request: HttpRequest) -> HttpResponse:
        try:
            meeting.wait(timeout=0.5)
        except BrokenBarrierError:
            return HttpResponse(status=503)
        return HttpResponse()

    serve = ThreadLimitMiddleware(view)
    with ThreadPoolExecutor(people) as pool:
        answers = pool.map(serve, [RequestFactory().get("/")] * people)
    return all(answer.status_code == 200 for answer in answers)


def test_so_many_requests_are_worked_on_at_once_and_no_more(settings: Settings) -> None:
    assert meets(2, limit=2, settings=settings)
    assert not meets(3, limit=2, settings=settings)


def test_a_view_that_fails_gives_its_place_back(settings: Settings) -> None:
    settings.REALTIME_THREADS = 1

    def view(request: HttpRequest) -> HttpResponse:
        if request.path == "/fails/":
            raise ZeroDivisionError
        return HttpResponse()

    serve = ThreadLimitMiddleware(view)
    with ThreadPoolExecutor() as pool:
        failed = pool.submit(serve, RequestFactory().get("/fails/"))
        assert isinstance(failed.exception(), ZeroDivisionError)
        assert pool.submit(serve, RequestFactory().get("/")).result(timeout=5).status_code == 200


def test_an_export_is_sent_while_it_is_made() -> None:
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


def test_servers_by_wsgi_get_what_they_know() -> None:
    serve = StreamMiddleware(lambda _request: StreamingHttpResponse(["a", "b"]))
    assert b"".join(serve(RequestFactory().get("/"))) == b"ab"
