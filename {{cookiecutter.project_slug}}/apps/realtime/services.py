"""Services: events for open WebSockets and event streams."""

from __future__ import annotations

import asyncio
import socket
from functools import partial
from typing import TYPE_CHECKING, Any

import structlog
from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.conf import settings
from django.db import transaction

from infrastructure.background import in_background

if TYPE_CHECKING:
    from apps.users.models import User

BROADCAST = "broadcast"
LAYER_SECONDS = 2

logger = structlog.get_logger(__name__)


def group_of(user_id: str) -> str:
    """Return the channel layer group of all sockets and streams of a user."""
    return f"user.{user_id}"


def event_send(*, user: User, event: str, data: dict[str, Any]) -> None:
    """Send an event to all sockets and streams of a user, in every process, after the commit.

    Delivery is asynchronous and at most once: events are not stored for users without an open connection.

    Args:
        user: the recipient.
        event: the event name, such as `order.shipped`.
        data: JSON-serializable payload.
    """
    _send_on_commit(group_of(str(user.pk)), event, data)


def event_broadcast(*, event: str, data: dict[str, Any]) -> None:
    """Send an event to every open socket and stream, see `event_send`."""
    _send_on_commit(BROADCAST, event, data)


async def layer_ping() -> None:
    """Check the channel layer: raise within `LAYER_SECONDS` if events cannot be sent."""
    await _group_send("health_check", "check", {})


def layer_check() -> None:
    """Call `layer_ping` from synchronous code."""
    async_to_sync(layer_ping)()


def _send_on_commit(group: str, event: str, data: dict[str, Any]) -> None:
    send = _send_in_own_loop if settings.BACKGROUND_THREADS else async_to_sync(_group_send)
    transaction.on_commit(partial(in_background, partial(send, group, event, data)))


class _Loop(asyncio.SelectorEventLoop):
    """Event loop that resolves host names without a thread: at interpreter exit, Python starts no threads."""

    async def getaddrinfo(self, *args: Any, **kwargs: Any) -> Any:
        return socket.getaddrinfo(*args, **kwargs)


def _send_in_own_loop(group: str, event: str, data: dict[str, Any]) -> None:
    with asyncio.Runner(loop_factory=_Loop) as runner:
        runner.run(_group_send(group, event, data))


async def _group_send(group: str, event: str, data: dict[str, Any]) -> None:
    message = {"type": "event.message", "event": event, "data": data}
    layer: Any = get_channel_layer()
    async with asyncio.timeout(LAYER_SECONDS):
        await layer.group_send(group, message)
