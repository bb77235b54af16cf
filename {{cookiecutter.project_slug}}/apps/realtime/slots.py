"""Limit of open sockets per user, across all processes.

Each open socket holds a lease on one of the user's slots in the cache. The serving process renews it, so that
the slots of a killed process expire soon.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.core.cache import caches

if TYPE_CHECKING:
    from collections.abc import Collection

HELD_SECONDS = 30


def slot_take(user_id: str) -> str | None:
    """Acquire a slot; return None if all are in use."""
    keys = (f"socket:{user_id}:{number}" for number in range(settings.REALTIME_SOCKETS_PER_USER))
    return next((key for key in keys if caches["counters"].add(key, 1, timeout=HELD_SECONDS)), None)


def slots_extend(slots: Collection[str]) -> None:
    """Renew the leases of slots."""
    caches["counters"].set_many(dict.fromkeys(slots, 1), timeout=HELD_SECONDS)


def slot_release(slot: str) -> None:
    caches["counters"].delete(slot)
