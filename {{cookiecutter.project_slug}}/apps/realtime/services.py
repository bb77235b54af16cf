"""Events for those who have a socket open."""

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

EVERYBODY = "everybody"
LAYER_SECONDS = 2

logger = structlog.get_logger(__name__)


def group_of(user_id: str) -> str:
    """The group that all sockets of a user are in."""
    return f"user.{user_id}"


def event_send(*, user: User, event: str, data: dict[str, Any]) -> None:
    """Tell all sockets of a user, in whatever process, once the transaction is committed.

    Nobody waits for it and nothing is kept: who has no socket open hears nothing.

    Args:
        user: whom.
        event: what happened, such as `order.shipped`.
        data: of what JSON knows.
    """
    _send_on_commit(group_of(str(user.pk)), event, data)


def event_broadcast(*, event: str, data: dict[str, Any]) -> None:
    """Tell every open socket, see `event_send`."""
    _send_on_commit(EVERYBODY, event, data)


async def layer_ping() -> None:
    """Return when events can be sent, raise within `LAYER_SECONDS` when they cannot."""
    await _group_send("nobody", "check", {})


def layer_check() -> None:
    """What `layer_ping` says, for who has no event loop."""
    async_to_sync(layer_ping)()


def _send_on_commit(group: str, event: str, data: dict[str, Any]) -> None:
    run = _run_alone if settings.BACKGROUND_THREADS else async_to_sync(_group_send)
    transaction.on_commit(partial(in_background, partial(run, group, event, data)))


class _Loop(asyncio.SelectorEventLoop):
    """Looks addresses up by itself: when a command has ended, Python starts no thread any more."""

    async def getaddrinfo(self, *args: Any, **kwargs: Any) -> Any:
        return socket.getaddrinfo(*args, **kwargs)


def _run_alone(group: str, event: str, data: dict[str, Any]) -> None:
    with asyncio.Runner(loop_factory=_Loop) as runner:
        runner.run(_group_send(group, event, data))


async def _group_send(group: str, event: str, data: dict[str, Any]) -> None:
    message = {"type": "event.message", "event": event, "data": data}
    layer: Any = get_channel_layer()
    async with asyncio.timeout(LAYER_SECONDS):
        await layer.group_send(group, message)
