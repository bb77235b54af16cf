from threading import Barrier
from typing import Any

from infrastructure.cache.memory import MemoryCache

MEETING = 8


class MeetingCache(MemoryCache):
    """Cache that makes threads that miss a counter continue together, to provoke a race condition."""

    meeting = Barrier(MEETING)

    def incr(self, key: Any, delta: int = 1, version: int | None = None) -> int:
        try:
            return super().incr(key, delta, version)
        except ValueError:
            self.meeting.wait(30)
            raise
