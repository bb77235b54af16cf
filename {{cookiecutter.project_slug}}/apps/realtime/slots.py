"""How many sockets a user may have open, counted over all processes.

Each open socket holds one of the user's slots, in the cache, for a while; whoever serves it renews that. So
the slots of a process that is killed are free again soon.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.core.cache import caches

if TYPE_CHECKING:
    from collections.abc import Collection

HELD_SECONDS = 30


def slot_take(user_id: str) -> str | None:
    """Take a slot; None when all are taken."""
    keys = (f"socket:{user_id}:{number}" for number in range(settings.REALTIME_SOCKETS_PER_USER))
    return next((key for key in keys if caches["counters"].add(key, 1, timeout=HELD_SECONDS)), None)


def slots_renew(slots: Collection[str]) -> None:
    """Hold slots for another while."""
    caches["counters"].set_many(dict.fromkeys(slots, 1), timeout=HELD_SECONDS)


def slot_free(slot: str) -> None:
    caches["counters"].delete(slot)
