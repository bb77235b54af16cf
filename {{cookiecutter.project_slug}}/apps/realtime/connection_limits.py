"""Limit of open WebSockets and event streams per user, across all processes.

Each of them holds a lease: one of the user's keys in the cache. The serving process renews it, so that
the leases of a killed process expire soon.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.core.cache import caches
from django.utils.translation import gettext_lazy as _

from apps.core.exceptions import LimitError

if TYPE_CHECKING:
    from collections.abc import Collection

LEASE_SECONDS = 30


class ConnectionLimitError(LimitError):
    """The user has `REALTIME_SOCKETS_PER_USER` open connections."""

    message = _("Too many connections are open.")
    code = "too_many_connections"
    wait = LEASE_SECONDS


def acquire(user_id: str) -> str | None:
    """Return a lease, or None if the user has `REALTIME_SOCKETS_PER_USER` of them."""
    keys = (f"socket:{user_id}:{number}" for number in range(settings.REALTIME_SOCKETS_PER_USER))
    return next((key for key in keys if caches["counters"].add(key, 1, timeout=LEASE_SECONDS)), None)


def renew(leases: Collection[str]) -> None:
    caches["counters"].set_many(dict.fromkeys(leases, 1), timeout=LEASE_SECONDS)


def release(lease: str) -> None:
    caches["counters"].delete(lease)
