"""Circuit breaker for calls to another server.

https://learn.microsoft.com/en-us/azure/architecture/patterns/circuit-breaker
"""

import threading
from time import monotonic

import structlog

LOG_EVERY = 60.0

logger = structlog.get_logger(__name__)


class CircuitBreaker:
    """Circuit breaker per process, shared by its threads.

    It opens after `threshold` consecutive failures. While it is open, one call per `interval` seconds is let
    through (half-open); the first success closes it. It logs `<subject>_unavailable`, at most once a minute,
    and `<subject>_available`.
    """

    def __init__(self, subject: str, *, interval: float, threshold: int = 1, **log: str) -> None:
        self._unavailable, self._available = f"{subject}_unavailable", f"{subject}_available"
        self._interval = interval
        self._threshold = threshold
        self._log = log
        self._lock = threading.Lock()
        self._failures = 0
        self._next_try = 0.0
        self._next_log = 0.0

    @property
    def wait(self) -> float:
        """Return the seconds until a call is let through."""
        return max(self._next_try - monotonic(), 0.0)

    def lets_through(self) -> bool:
        """Return whether the circuit is closed, or half-open for this caller."""
        if self._failures < self._threshold:
            return True
        with self._lock:
            if monotonic() < self._next_try:
                return False
            self._next_try = monotonic() + self._interval
            return True

    def failed(self, error: str) -> None:
        """Count a failure; `error` is logged."""
        with self._lock:
            now = monotonic()
            self._failures += 1
            if self._failures < self._threshold:
                return
            self._next_try = now + self._interval
            if now < self._next_log:
                return
            self._next_log = now + LOG_EVERY
        logger.error(self._unavailable, error=error, **self._log)

    def succeeded(self) -> None:
        """Close the circuit."""
        if not self._failures:
            return
        was_open = self._failures >= self._threshold
        self._failures = 0
        if was_open:
            logger.warning(self._available, **self._log)
