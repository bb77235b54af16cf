"""Rate limits with fixed windows, counted by atomic increments in the cache.

Django REST Framework's throttles have a race condition, because they read, modify and write a list
(https://www.django-rest-framework.org/api-guide/throttling/#a-note-on-concurrency), which also grows with the
limit. An atomic counter is exact and of constant size.
"""

from __future__ import annotations

import time
from functools import cache
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.cache import caches
from rest_framework.throttling import BaseThrottle, SimpleRateThrottle

from apps.core.api.client_ip import client_network

if TYPE_CHECKING:
    from rest_framework.request import Request
    from rest_framework.views import APIView

    from infrastructure.cache.backend import FailoverRedisCache
    from infrastructure.cache.memory import MemoryCache


@cache
def parse_rates(rates: str) -> tuple[tuple[int, int], ...]:
    """Parse comma-separated rates of Django REST Framework, such as `60/minute,1000/day`, or `none`.

    Returns:
        a pair of requests and seconds for each limit.
    """
    parse: Any = SimpleRateThrottle.parse_rate
    return () if rates == "none" else tuple(parse(None, rate.strip()) for rate in rates.split(","))


class RateThrottle(BaseThrottle):
    """Throttle with the limits of `scope` in `settings.THROTTLE_RATES`."""

    scope: str
    seconds_left: float = 0

    def get_client(self, request: Request, view: APIView) -> str | None:
        """Return the key of the client, or None for clients that this throttle does not count."""
        raise NotImplementedError

    def allow_request(self, request: Request, view: APIView) -> bool:
        client = self.get_client(request, view)
        self.seconds_left = 0 if client is None else count(self.scope, client)
        return not self.seconds_left

    def wait(self) -> float:
        return self.seconds_left


def count(scope: str, client: str) -> float:
    """Count a request of a client.

    Returns:
        0 if no limit is exceeded, else the seconds until the window of the exceeded limit ends.
    """
    now = time.time()
    counters = [
        (f"throttle:{scope}:{client}:{seconds}:{int(now // seconds)}", limit, seconds)
        for limit, seconds in parse_rates(settings.THROTTLE_RATES[scope])
    ]
    if not counters:
        return 0
    counts: MemoryCache | FailoverRedisCache = caches["counters"]  # type: ignore[assignment] # by settings
    position = counts.increment_until_exceeded(counters)
    if not position:
        return 0
    seconds = counters[position - 1][2]
    return seconds - now % seconds


class AnonThrottle(RateThrottle):
    scope = "anon"

    def get_client(self, request: Request, view: APIView) -> str | None:
        return None if request.user.is_authenticated else client_network(request)


class UserThrottle(RateThrottle):
    scope = "user"

    def get_client(self, request: Request, view: APIView) -> str | None:
        return str(request.user.pk) if request.user.is_authenticated else None


class AuthThrottle(RateThrottle):
    """Per-client, per-endpoint limit for endpoints that check credentials or send emails."""

    scope = "auth"

    def get_client(self, request: Request, view: APIView) -> str | None:
        return f"{type(view).__name__}:{client_network(request)}"


class TokenThrottle(AuthThrottle):
    """Higher limit for endpoints with signed tokens, which cannot be guessed and are used often."""

    scope = "token"
