"""Cache-aside helper with stampede protection."""

from __future__ import annotations

import json
import time
import uuid
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from django.core.cache import cache
from django.db import transaction

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import timedelta

T = TypeVar("T")

# Lease of the computing process, and the maximum time that other processes wait for a missing value.
COMPUTING_SECONDS = 10
POLL_SECONDS = 0.05


def cache_remember(key: str, compute: Callable[[], T], *, fresh: timedelta, stale: timedelta) -> T:
    """Return the cached value of `key`; if it is missing or stale, one process at a time computes it.

    Prevents a cache stampede: while one process recomputes a stale value, the others get the stale one
    (stale-while-revalidate). While one process computes a missing value, the others wait for it, and compute
    it themselves if it fails or times out.

    Args:
        key: must include everything that the value depends on, such as the language or the user.
        compute: returns the value, which must be JSON serializable; `None` is cached too.
        fresh: how long the value is used without recomputing.
        stale: how much longer the stale value is used while it is recomputed.

    Returns:
        the value after a JSON round trip, whether it was cached or not: tuples become lists.

    Raises:
        TypeError: the value is not JSON serializable.
        Exception: any exception of `compute`, after which nothing is cached.
    """
    value: T
    entry = cache.get(key)
    if entry is None or entry[1] <= time.time():
        claim = uuid.uuid4().hex
        if cache.add(_claim_key(key), claim, timeout=COMPUTING_SECONDS):
            return _compute(key, compute, claim, fresh=fresh.total_seconds(), stale=stale.total_seconds())
        entry = entry or _wait(key)
    value = entry[0] if entry else _plain(compute())
    return value


def cache_forget(*keys: str) -> None:
    """Invalidate cached values after the commit of the current transaction.

    Values that are being computed concurrently, possibly from old data, are not cached.
    """
    names = [name for key in keys for name in (key, _claim_key(key))]
    transaction.on_commit(partial(cache.delete_many, names), robust=True)


def _claim_key(key: str) -> str:
    return f"{key}:claim"


def _plain(value: Any) -> Any:
    """Return the value after a JSON round trip, as from Redis, also with an in-memory cache."""
    return json.loads(json.dumps(value))


def _compute(key: str, compute: Callable[[], T], claim: str, *, fresh: float, stale: float) -> T:
    value: T
    try:
        # Another process may have finished between the cache lookup and the claim.
        if (entry := cache.get(key)) and entry[1] > time.time():
            value = entry[0]
            return value
        value = _plain(compute())
        # The claim is gone after an invalidation, and another's if the lease has expired.
        if cache.get(_claim_key(key)) == claim:
            cache.set(key, (value, time.time() + fresh), timeout=fresh + stale)
        return value
    finally:
        if cache.get(_claim_key(key)) == claim:
            cache.delete(_claim_key(key))


def _wait(key: str) -> Any:
    """Wait for the entry of another process; return None if it fails or times out."""
    end = time.monotonic() + COMPUTING_SECONDS
    while time.monotonic() < end:
        time.sleep(POLL_SECONDS)
        found = cache.get_many([key, _claim_key(key)])
        if key in found or _claim_key(key) not in found:
            return found.get(key)
    return None
