"""Cached fragments of the public pages, all invalidated by each change of public content."""

from __future__ import annotations

import hashlib
import uuid
from datetime import timedelta
from typing import TYPE_CHECKING, TypeVar

from django.core.cache import cache

from apps.core.caching import cache_forget, cache_remember
from infrastructure.database.replica import replica_allowed

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

FRESH = timedelta(minutes=1)
STALE = timedelta(minutes=4)
# Part of all keys. A change deletes it: fragments under the old one are not read any more, and expire.
GENERATION = "blog:generation"
GENERATION_SECONDS = 86_400


def content_remember(name: str, compute: Callable[[], T]) -> T:
    """Return the cached fragment `name`; see `cache_remember`.

    The fragment must be public: the key does not contain the user.
    """

    def from_primary() -> T:
        # The replica may lack the change that invalidated the fragment.
        with replica_allowed(allowed=False):
            return compute()

    generation = cache.get_or_set(GENERATION, lambda: uuid.uuid4().hex, GENERATION_SECONDS)
    key = hashlib.sha256(name.encode()).hexdigest()
    return cache_remember(f"blog:{generation}:{key}", from_primary, fresh=FRESH, stale=STALE)


def content_changed() -> None:
    """Invalidate all fragments after the commit. A receiver calls it, except after an `UPDATE` of rows."""
    cache_forget(GENERATION)
