"""WebSockets, from handshake to close."""

from __future__ import annotations

import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import jwt
import pytest
from asgiref.sync import sync_to_async
from asgiref.testing import ApplicationCommunicator
from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from apps.realtime.consumers import (
    NOT_AUTHENTICATED,
    SUBPROTOCOL,
    TOO_LARGE,
    TOO_MANY_MESSAGES,
    TOO_MANY_SOCKETS,
    TRY_AGAIN_LATER,
)
from apps.realtime.services import event_broadcast, event_send
from apps.realtime.tests.helpers import in_loop, log_in, ticket_of
from apps.users.services.accounts import user_deactivate
from apps.users.services.sessions import session_end_all
from apps.users.tests.factories import UserFactory
from apps.users.tests.helpers import claims_of
from config.asgi import application
from conftest import Client

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from pytest_django import Settings

    from apps.users.models import User

# Database access runs in other threads, which do not see an open transaction.
pytestmark = pytest.mark.django_db(transaction=True)


class Socket:
    """Simulated server and client of a WebSocket."""

    def __init__(self, credential: str = "", origin: str = "") -> None:
        scope = {
            "type": "websocket",
            "path": "/ws/v1/",
            "query_string": b"",
            "headers": [(b"host", b"testserver"), (b"origin", origin.encode())],
            "subprotocols": [SUBPROTOCOL, credential] if credential else [],
        }
        self._client_is_gone = False
        self._link: Any = ApplicationCommunicator(self._served, scope)  # type: ignore[no-untyped-call]

    async def opens(self) -> bool:
        await self._link.send_input({"type": "websocket.connect"})
        output = await self._link.receive_output(5)
        return bool(output["type"] == "websocket.accept")

    async def say(self, text: str | None, data: bytes | None = None) -> None:
        await self._link.send_input({"type": "websocket.receive", "text": text, "bytes": data})

    async def hear(self) -> dict[str, Any]:
        output = await self._link.receive_output(5)
        assert output["type"] == "websocket.send", output
        message: dict[str, Any] = json.loads(output["text"])
        return message

    async def close_code(self) -> int:
        output = await self._link.receive_output(5)
        assert output["type"] == "websocket.close", output
        code: int = output["code"]
        return code

    async def breaks(self) -> None:
        """Fail on send without a disconnect message, as servers do when the client is gone."""
        self._client_is_gone = True
        await self.say(None)
        with pytest.raises(ConnectionError):
            await self._link.wait(5)

    async def _served(self, scope: Any, receive: Any, send: Any) -> None:
        async def sent(message: Any) -> None:
            if self._client_is_gone:
                raise ConnectionError
            await send(message)

        await application(scope, receive, sent)

    async def leave(self) -> None:
        await self._link.send_input({"type": "websocket.disconnect", "code": 1000})
        await self._link.wait(5)


@asynccontextmanager
async def socket_of(user: User) -> AsyncIterator[Socket]:
    """Open a socket of a user, and close it afterwards."""
    socket = Socket(f"ticket.{await sync_to_async(ticket_of)(user)}")
    assert await socket.opens()
    try:
        yield socket
    finally:
        await socket.leave()


@in_loop
async def test_ticket_opens_one_socket(user: User) -> None:
    ticket = await sync_to_async(ticket_of)(user)
    first, second = Socket(f"ticket.{ticket}"), Socket(f"ticket.{ticket}")
    assert await first.opens()
    assert await second.opens()
    assert await second.close_code() == NOT_AUTHENTICATED
    await first.leave()


@in_loop
async def test_access_token_opens_socket(user: User) -> None:
    tokens = await sync_to_async(log_in)(user)
    socket = Socket(f"bearer.{tokens['access']}")
    assert await socket.opens()
    await socket.say(json.dumps({"event": "ping"}))
    assert await socket.hear() == {"event": "pong", "data": {}}
    await socket.leave()


@in_loop
async def test_socket_is_rejected_without_valid_credentials() -> None:
    for credential in ("", "ticket.", "ticket.unknown", "bearer.", "bearer.a.b.c", "other"):
        socket = Socket(credential)
        assert await socket.opens()
        assert await socket.close_code() == NOT_AUTHENTICATED


@pytest.mark.parametrize("name", ["sub", "sid", "hash"])
@in_loop
async def test_access_token_with_invalid_claim_is_rejected(user: User, name: str) -> None:
    claims = claims_of((await sync_to_async(log_in)(user))["access"])
    for odd in ("", "x", "\0", "\ud800", "9" * 5000):
        token = jwt.encode(claims | {name: odd}, settings.SECRET_KEY, algorithm="HS256")
        socket = Socket(f"bearer.{token}")
        assert await socket.opens()
        assert await socket.close_code() == NOT_AUTHENTICATED


@in_loop
async def test_socket_is_closed_when_another_device_revokes_its_session(user: User) -> None:
    tokens = await sync_to_async(log_in)(user)
    socket = Socket(f"bearer.{tokens['access']}")
    assert await socket.opens()

    def end() -> int:
        other = Client()
        other.login_by_token(user)
        session_id = claims_of(tokens["access"])["sid"]
        return other.delete(reverse("v1:auth:session-detail", args=[session_id])).status_code

    assert await sync_to_async(end)() == 204
    assert await socket.close_code() == NOT_AUTHENTICATED


@in_loop
async def test_socket_is_closed_when_its_session_expires(user: User) -> None:
    tokens = await sync_to_async(log_in)(user)
    socket = Socket(f"bearer.{tokens['access']}")
    assert await socket.opens()
    await sync_to_async(user.refresh_sessions.update)(expires_at=timezone.now())
    assert await socket.close_code() == NOT_AUTHENTICATED


@in_loop
async def test_origin_must_be_allowed(user: User, settings: Settings) -> None:
    settings.CORS_ALLOWED_ORIGINS = ["https://other.example.com"]
    for origin, welcome in {
        "https://app.example.com": True,
        "https://other.example.com": True,
        "http://testserver": True,
        "https://evil.example.com": False,
        "https://app.example.com.evil.com": False,
        "null": False,
        "http://[": False,
    }.items():
        socket = Socket(f"ticket.{await sync_to_async(ticket_of)(user)}", origin)
        assert await socket.opens() is welcome, origin
        await socket.leave()


@in_loop
async def test_event_reaches_all_sockets_of_its_user_only(user: User) -> None:
    other = await sync_to_async(UserFactory.create)()
    async with socket_of(user) as one, socket_of(user) as two, socket_of(other) as third:
        await sync_to_async(event_send)(user=user, event="greeting", data={"text": "Grüße"})
        for socket in (one, two):
            assert await socket.hear() == {"event": "greeting", "data": {"text": "Grüße"}}
        await sync_to_async(event_broadcast)(event="news", data={})
        assert await third.hear() == {"event": "news", "data": {}}


@in_loop
async def test_socket_is_closed_after_logout(user: User) -> None:
    tokens = await sync_to_async(log_in)(user)
    socket = Socket(f"bearer.{tokens['access']}")
    assert await socket.opens()
    async with socket_of(user) as unrelated:

        def log_out() -> int:
            client = Client(HTTP_AUTHORIZATION=f"Bearer {tokens['access']}")
            return client.post(reverse("v1:auth:logout"), {"refresh": tokens["refresh"]}).status_code

        assert await sync_to_async(log_out)() == 204
        assert await socket.close_code() == NOT_AUTHENTICATED
        await unrelated.say(json.dumps({"event": "ping"}))
        assert (await unrelated.hear())["event"] == "pong"


@pytest.mark.parametrize("end", [session_end_all, user_deactivate])
@in_loop
async def test_all_sockets_are_closed_after_logout_everywhere_or_deactivation(user: User, end: Any) -> None:
    async with socket_of(user) as one, socket_of(user) as two:
        await sync_to_async(end)(user=user)
        assert [await one.close_code(), await two.close_code()] == [NOT_AUTHENTICATED] * 2


@in_loop
async def test_sockets_per_user_are_limited(user: User, settings: Settings) -> None:
    settings.REALTIME_SOCKETS_PER_USER = 2
    async with socket_of(user):
        async with socket_of(user):
            third = Socket(f"ticket.{await sync_to_async(ticket_of)(user)}")
            assert await third.opens()
            assert await third.close_code() == TOO_MANY_SOCKETS
        async with socket_of(user) as again:
            await again.say(json.dumps({"event": "ping"}))
            assert (await again.hear())["event"] == "pong"


@in_loop
async def test_oversized_message_closes_socket(user: User, settings: Settings) -> None:
    async with socket_of(user) as socket:
        await socket.say("x" * (settings.REALTIME_MESSAGE_MAX_BYTES + 1))
        assert await socket.close_code() == TOO_LARGE


@in_loop
async def test_message_rate_limit_closes_socket(user: User, settings: Settings) -> None:
    settings.REALTIME_MESSAGES_PER_MINUTE = 3
    async with socket_of(user) as socket:
        for _ in range(3):
            await socket.say(json.dumps({"event": "ping"}))
            await socket.hear()
        await socket.say(json.dumps({"event": "ping"}))
        assert await socket.close_code() == TOO_MANY_MESSAGES


@in_loop
async def test_unknown_message_gets_error_event(user: User) -> None:
    async with socket_of(user) as socket:
        for text in ("", "no JSON", "[]", "3", '{"event": "other"}', '{"event": ["ping"]}'):
            await socket.say(text)
            assert (await socket.hear())["data"]["code"] == "unknown_event"
        await socket.say(None, b"\0")
        assert (await socket.hear())["event"] == "error"


@in_loop
async def test_connection_limit_is_released_when_socket_breaks(user: User, settings: Settings) -> None:
    settings.REALTIME_SOCKETS_PER_USER = 1
    broken = Socket(f"ticket.{await sync_to_async(ticket_of)(user)}")
    assert await broken.opens()
    await broken.breaks()
    async with socket_of(user) as socket:
        await socket.say(json.dumps({"event": "ping"}))
        assert await socket.hear() == {"event": "pong", "data": {}}


@in_loop
async def test_deeply_nested_message_gets_error_event(user: User) -> None:
    async with socket_of(user) as socket:
        await socket.say("[" * 60_000)
        assert (await socket.hear())["data"]["code"] == "unknown_event"


@in_loop
async def test_socket_is_closed_with_try_again_later_when_redis_is_down(
    user: User, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.realtime.services.LAYER_SECONDS", 0.2)
    backend = "channels_redis.pubsub.RedisPubSubChannelLayer"
    unavailable = {"BACKEND": backend, "CONFIG": {"hosts": ["redis://127.0.0.1:1/0"]}}
    settings.CHANNEL_LAYERS = {"default": unavailable}
    socket = Socket(f"ticket.{await sync_to_async(ticket_of)(user)}")
    assert await socket.opens()
    assert await socket.close_code() == TRY_AGAIN_LATER
