"""Values that are dear to compute, kept in the cache."""

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

# Whoever computes longer is taken to have died; the others wait so long for a value that is missing.
COMPUTING_SECONDS = 10
POLL_SECONDS = 0.05


class Entry(NamedTuple, Generic[T]):
    value: T
    fresh_until: float

    @property
    def is_fresh(self) -> bool:
        return self.fresh_until > time.time()


def cache_remember(key: str, compute: Callable[[], T], *, fresh: timedelta, stale: timedelta) -> T:
    """The value kept under `key`, computed by one process at a time when it is missing or old.

    While one computes an old value anew, the others get the old one. While one computes a missing value, the
    others wait for it, and compute for themselves when it does not come. So an entry that expires under load
    does not start the same work many times (a cache stampede).

    Args:
        key: names the value and whatever it depends on, such as the language or the user.
        compute: returns the value, of what JSON can hold; `None` is a value too.
        fresh: how long it is used as it is.
        stale: how much longer it is used while somebody computes it anew.

    Returns:
        the value as JSON gives it back, whether it was kept or computed: tuples have become lists.

    Raises:
        TypeError: JSON cannot hold the value.
        Exception: what `compute` raises; nothing is kept then.
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
    """Forget values once the transaction that changes what they are made of is committed.

    A value that is being computed meanwhile, perhaps from what was there before, is not kept.
    """
    names = [name for key in keys for name in (key, _claim_key(key))]
    transaction.on_commit(partial(cache.delete_many, names), robust=True)


def _claim_key(key: str) -> str:
    return f"{key}:claim"


def _get(key: str) -> Entry[Any] | None:
    kept = cache.get(key)
    return Entry(*kept) if kept else None


def _plain(value: T) -> T:
    """The value as Redis gives it back, also where the cache is in memory."""
    plain: T = json.loads(json.dumps(value))
    return plain


def _compute(key: str, compute: Callable[[], T], claim: str, *, fresh: float, stale: float) -> T:
    try:
        # Between the look at the cache and the claim, another one may have finished.
        if (entry := _get(key)) and entry.is_fresh:
            return cast("T", entry.value)
        value = _plain(compute())
        # Gone when the value was forgotten meanwhile, another's when this one took too long.
        if cache.get(_claim_key(key)) == claim:
            cache.set(key, Entry(value, time.time() + fresh), timeout=fresh + stale)
        return value
    finally:
        if cache.get(_claim_key(key)) == claim:
            cache.delete(_claim_key(key))


def _wait(key: str) -> Entry[T] | None:
    """The value that another one computes, or None when that one gives up or takes too long."""
    end = time.monotonic() + COMPUTING_SECONDS
    while time.monotonic() < end:
        time.sleep(POLL_SECONDS)
        kept = cache.get_many([key, _claim_key(key)])
        if key in kept:
            return Entry(*kept[key])
        if _claim_key(key) not in kept:
            return None
    return None
