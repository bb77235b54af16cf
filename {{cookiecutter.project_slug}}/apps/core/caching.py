"""Cache-aside helper with stampede protection."""

from __future__ import annotations

import json
import time
import uuid
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar, cast

from django.core.cache import cache
from django.db import transaction

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import timedelta

T = TypeVar("T")

# Lease of the computing process, and the maximum time that other processes wait for a missing value.
COMPUTING_SECONDS = 10
POLL_SECONDS = 0.05


class Entry(NamedTuple, Generic[T]):
    value: T
    fresh_until: float

    @property
    def is_fresh(self) -> bool:
        return self.fresh_until > time.time()


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
    entry = _get(key)
    if entry and entry.is_fresh:
        return cast("T", entry.value)
    claim = uuid.uuid4().hex
    if cache.add(_claim_key(key), claim, timeout=COMPUTING_SECONDS):
        return _compute(key, compute, claim, fresh=fresh.total_seconds(), stale=stale.total_seconds())
    entry = entry or _wait(key)
    return entry.value if entry else _plain(compute())


def cache_forget(*keys: str) -> None:
    """Invalidate cached values after the commit of the current transaction.

    Values that are being computed concurrently, possibly from old data, are not cached.
    """
    names = [name for key in keys for name in (key, _claim_key(key))]
    transaction.on_commit(partial(cache.delete_many, names), robust=True)


def _claim_key(key: str) -> str:
    return f"{key}:claim"


def _get(key: str) -> Entry[Any] | None:
    kept = cache.get(key)
    return Entry(*kept) if kept else None


def _plain(value: T) -> T:
    """Return the value after a JSON round trip, as from Redis, also with an in-memory cache."""
    plain: T = json.loads(json.dumps(value))
    return plain


def _compute(key: str, compute: Callable[[], T], claim: str, *, fresh: float, stale: float) -> T:
    try:
        # Another process may have finished between the cache lookup and the claim.
        if (entry := _get(key)) and entry.is_fresh:
            return cast("T", entry.value)
        value = _plain(compute())
        # The claim is gone after an invalidation, and another's if the lease has expired.
        if cache.get(_claim_key(key)) == claim:
            cache.set(key, Entry(value, time.time() + fresh), timeout=fresh + stale)
        return value
    finally:
        if cache.get(_claim_key(key)) == claim:
            cache.delete(_claim_key(key))


def _wait(key: str) -> Entry[T] | None:
    """Wait for the value of another process; return None if it fails or times out."""
    end = time.monotonic() + COMPUTING_SECONDS
    while time.monotonic() < end:
        time.sleep(POLL_SECONDS)
        kept = cache.get_many([key, _claim_key(key)])
        if key in kept:
            return Entry(*kept[key])
        if _claim_key(key) not in kept:
            return None
    return None
