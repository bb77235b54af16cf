"""Cache in process memory."""

from collections.abc import Iterable
from typing import Any

from django.core.cache.backends.locmem import LocMemCache


class MemoryCache(LocMemCache):
    """Django's in-memory cache with room for many rate limit counters, and with their increment."""

    def __init__(self, name: str, params: dict[str, Any]) -> None:
        # The default of 300 entries would evict counters.
        options = {"MAX_ENTRIES": 100_000} | params.get("OPTIONS", {})
        super().__init__(name, {**params, "OPTIONS": options})

    def increment_until_exceeded(self, counters: Iterable[tuple[str, int, int]]) -> int:
        """Increment counters like `FailoverRedisCache`; each increment is atomic."""
        exceeded = (self._increment(key, seconds) > limit for key, limit, seconds in counters)
        return next((position for position, found in enumerate(exceeded, 1) if found), 0)

    def _increment(self, key: str, seconds: int) -> int:
        try:
            return self.incr(key)
        except ValueError:
            # First request of the window; of concurrent ones, only one adds the key.
            return 1 if self.add(key, 1, timeout=seconds) else self.incr(key)
