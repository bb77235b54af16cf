"""Server-sent events, from the request to the end of the stream."""

from __future__ import annotations

import asyncio
import json
import threading
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
from asgiref.sync import sync_to_async
from asgiref.testing import ApplicationCommunicator
from django.core.signals import request_finished
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.http import HttpResponse
from django.urls import reverse

from apps.realtime.services import event_broadcast, event_send
from apps.realtime.tests.helpers import in_loop, log_in, ticket_of
from apps.users.services.sessions import session_end_all
from apps.users.tests.factories import UserFactory
from config.asgi import application

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from pytest_django import Settings

    from apps.users.models import User
    from conftest import Client

# Database access runs in other threads, which do not see an open transaction.
pytestmark = pytest.mark.django_db(transaction=True)

URL = reverse("v1:realtime:events")


@pytest.fixture(autouse=True)
def _closed_connections() -> Iterator[None]:
    """Close the connection of each request: Django keeps those to a database in memory."""

    def close(**_kwargs: Any) -> None:
        if threading.current_thread() is not threading.main_thread():
            BaseDatabaseWrapper.close(connections[DEFAULT_DB_ALIAS])

    request_finished.connect(close)
    yield
    request_finished.disconnect(close)


class Stream:
    """Simulated server and client of an event stream."""

    def __init__(self, *, token: str = "", ticket: str = "", method: str = "GET") -> None:
        headers = [(b"host", b"testserver"), (b"accept", b"text/event-stream")]
        headers += [(b"authorization", f"Bearer {token}".encode())] if token else []
        scope = {
            "type": "http",
            "method": method,
            "path": URL,
            "query_string": f"ticket={ticket}".encode() if ticket else b"",
            "headers": headers,
        }
        self._blocked: asyncio.Event | None = None
        self._link: Any = ApplicationCommunicator(self._served, scope)  # type: ignore[no-untyped-call]

    async def open(self) -> int:
        """Send the request; return the status of the response."""
        await self._link.send_input({"type": "http.request", "body": b""})
        start = await self._link.receive_output(5)
        self.headers = {name.decode().lower(): value.decode() for name, value in start["headers"]}
        status: int = start["status"]
        if status != 200:
            # A request without a stream ends after its response, and closes its connection to the database.
            await self.finishes()
        return status

    async def part(self) -> str:
        message = await self._link.receive_output(5)
        assert message["more_body"], "The stream has ended."
        return str(message["body"].decode())

    async def event(self) -> tuple[str, Any]:
        name, data = (await self.part()).removesuffix("\n\n").split("\n")
        return name.removeprefix("event: "), json.loads(data.removeprefix("data: "))

    async def ends(self) -> bool:
        message = await self._link.receive_output(5)
        await self._link.wait(5)
        return not message.get("more_body")

    async def leave(self) -> None:
        await self._link.send_input({"type": "http.disconnect"})
        await self._link.wait(5)

    def stop_reading(self) -> None:
        self._blocked = asyncio.Event()

    async def finishes(self) -> None:
        await self._link.wait(5)

    async def _served(self, scope: Any, receive: Any, send: Any) -> None:
        async def sent(message: Any) -> None:
            if self._blocked and message.get("more_body"):
                await self._blocked.wait()
            await send(message)

        await application(scope, receive, sent)


@asynccontextmanager
async def stream_of(user: User) -> AsyncIterator[Stream]:
    """Open a stream of a user, and leave it afterwards."""
    stream = Stream(ticket=await sync_to_async(ticket_of)(user))
    assert await stream.open() == 200
    assert (await stream.part()).startswith("retry: ")
    try:
        yield stream
    finally:
        await stream.leave()


@in_loop
async def test_access_token_opens_stream_that_is_not_buffered(user: User) -> None:
    tokens = await sync_to_async(log_in)(user)
    stream = Stream(token=tokens["access"])
    assert await stream.open() == 200
    assert stream.headers["content-type"] == "text/event-stream"
    assert stream.headers["x-accel-buffering"] == "no"
    assert {"no-store", "no-transform"} <= set(stream.headers["cache-control"].split(", "))
    assert stream.headers.keys().isdisjoint({"content-length", "content-encoding", "etag"})
    assert (await stream.part()).startswith("retry: ")
    await stream.leave()


@in_loop
async def test_event_reaches_streams_of_its_user_only(user: User) -> None:
    other = await sync_to_async(UserFactory.create)()
    async with stream_of(user) as stream, stream_of(other) as foreign:
        await sync_to_async(event_send)(user=user, event="greeting\ndata: x", data={"text": "Grüße\n"})
        assert await stream.event() == ("greeting data: x", {"text": "Grüße\n"})
        await sync_to_async(event_broadcast)(event="news", data={})
        assert await foreign.event() == ("news", {})


@in_loop
async def test_ticket_opens_one_stream(user: User) -> None:
    ticket = await sync_to_async(ticket_of)(user)
    first, second = Stream(ticket=ticket), Stream(ticket=ticket)
    assert await first.open() == 200
    assert await second.open() == 401
    await first.leave()


@in_loop
async def test_stream_is_rejected_without_valid_credentials() -> None:
    for stream in (Stream(), Stream(ticket="unknown"), Stream(token="a.b.c")):
        assert await stream.open() == 401
        assert stream.headers["content-type"] == "application/problem+json"


@in_loop
async def test_access_token_of_ended_session_opens_no_stream(user: User) -> None:
    tokens = await sync_to_async(log_in)(user)
    await sync_to_async(user.refresh_sessions.all().delete)()
    assert await Stream(token=tokens["access"]).open() == 401


@in_loop
async def test_other_methods_open_no_stream(user: User) -> None:
    tokens = await sync_to_async(log_in)(user)
    for method in ("HEAD", "OPTIONS", "POST"):
        assert await Stream(token=tokens["access"], method=method).open() == 405


@in_loop
async def test_stream_ends_with_its_session(user: User) -> None:
    async with stream_of(user) as stream:
        await sync_to_async(session_end_all)(user=user)
        assert await stream.ends()


@in_loop
async def test_streams_per_user_are_limited_and_released(user: User, settings: Settings) -> None:
    settings.REALTIME_SOCKETS_PER_USER = 1
    for _ in range(2):
        async with stream_of(user):
            second = Stream(ticket=await sync_to_async(ticket_of)(user))
            assert await second.open() == 429
            assert int(second.headers["retry-after"]) > 0


@in_loop
async def test_limit_is_released_when_response_fails(
    user: User, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.REALTIME_SOCKETS_PER_USER = 1
    with monkeypatch.context() as patch:
        patch.setattr(
            "apps.realtime.api.views.HttpResponse", lambda *_args, **_options: HttpResponse(status=500)
        )
        failed = Stream(ticket=await sync_to_async(ticket_of)(user))
        assert await failed.open() == 500
    async with stream_of(user):
        pass


@in_loop
async def test_idle_stream_has_comments(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.realtime.event_streams.KEEP_ALIVE_SECONDS", 0.01)
    async with stream_of(user) as stream:
        assert [await stream.part(), await stream.part()] == [":\n\n"] * 2


@in_loop
async def test_duration_of_stream_is_bounded(user: User, settings: Settings) -> None:
    settings.REALTIME_STREAM_SECONDS = 0.05
    async with stream_of(user) as stream:
        assert await stream.ends()


@in_loop
async def test_stream_of_client_that_does_not_read_ends(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.realtime.event_streams.KEEP_ALIVE_SECONDS", 0.01)
    monkeypatch.setattr("apps.realtime.event_streams.SEND_SECONDS", 0.05)
    async with stream_of(user) as stream:
        stream.stop_reading()
        await stream.finishes()


@in_loop
async def test_stream_is_refused_while_redis_is_down(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise ConnectionError

    monkeypatch.setattr("apps.realtime.api.views.layer_check", fail)
    stream = Stream(ticket=await sync_to_async(ticket_of)(user))
    assert await stream.open() == 503
    assert int(stream.headers["retry-after"]) > 0


@in_loop
async def test_stream_ends_if_subscription_fails(
    user: User, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    class Layer:
        async def new_channel(self) -> str:
            raise ConnectionError

    monkeypatch.setattr("apps.realtime.event_streams.get_channel_layer", Layer)
    stream = Stream(ticket=await sync_to_async(ticket_of)(user))
    assert await stream.open() == 200
    assert await stream.ends()
    assert "stream_failed" in caplog.text


def test_response_without_asgi_ends_after_its_beginning(user_api: Client) -> None:
    response = user_api.get(URL, HTTP_ACCEPT="text/event-stream")
    assert response.status_code == 200
    assert response.content.startswith(b"retry: ")
