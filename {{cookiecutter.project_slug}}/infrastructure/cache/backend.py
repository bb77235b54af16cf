"""Redis cache backend with a circuit breaker and a fallback backend.

https://docs.djangoproject.com/en/5.2/topics/cache/#using-a-custom-cache-backend
https://github.com/jazzband/django-redis
"""

from __future__ import annotations

import json
from functools import cache, partialmethod
from typing import TYPE_CHECKING, Any, TypeVar

from django.http import HttpResponse
from django.utils.module_loading import import_string
from django_redis.cache import RedisCache
from django_redis.serializers.base import BaseSerializer
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ResponseError
from redis.exceptions import TimeoutError as RedisTimeoutError
from redis.retry import Retry

from infrastructure.circuit_breaker import CircuitBreaker

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

T = TypeVar("T")

# `ResponseError`: the server is out of memory, read-only, or cannot write to its disk.
UNAVAILABLE_ERRORS = (RedisConnectionError, RedisTimeoutError, ResponseError)
RETRY_INTERVAL = 2.0
# Upper bound for one request: a server in the same network responds within a millisecond.
TIMEOUT = 0.5
INCREMENT_SCRIPT = """
for position, key in ipairs(KEYS) do
  local count = redis.call('INCR', key)
  if count == 1 then redis.call('EXPIRE', key, ARGV[2 * position]) end
  if count > tonumber(ARGV[2 * position - 1]) then return position end
end
return 0
"""


class JSONSerializer(BaseSerializer):
    """Serializer for JSON values and cached pages. Unlike pickle, loading a manipulated value runs no code.

    The response of `cache_page` is stored as status, headers and content, without cookies.
    """

    def dumps(self, value: Any) -> bytes:
        """Serialize a value.

        Raises:
            TypeError: JSON cannot represent the value.
        """
        if isinstance(value, HttpResponse):
            page = [value.status_code, list(value.items()), value.content.decode("latin-1")]
            return json.dumps({"page": page}).encode()
        return json.dumps({"value": value}).encode()

    def loads(self, value: bytes) -> Any:
        """Return the value, or None (a cache miss) if it was not written by this serializer."""
        try:
            match json.loads(value):
                case {"value": kept}:
                    return kept
                case {"page": [int() as status, list() as headers, str() as content]}:
                    return HttpResponse(content.encode("latin-1"), status=status, headers=dict(headers))
        except (ValueError, TypeError):
            pass
        return None


@cache
def _breaker_of(server: str) -> CircuitBreaker:  # noqa: ARG001 - the key of `functools.cache`
    # Shared, as Django creates one cache object per thread.
    return CircuitBreaker("cache", interval=RETRY_INTERVAL)


class FailoverRedisCache(RedisCache):
    """Redis cache with a fallback backend for the time in which Redis is unavailable.

    `OPTIONS["FALLBACK"]` is the fallback. `DummyCache` stores nothing, so no process reads values that
    another one has changed; with `MemoryCache` each process uses its own memory.
    """

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        options = {
            "SOCKET_CONNECT_TIMEOUT": TIMEOUT,
            "SOCKET_TIMEOUT": TIMEOUT,
            # Reconnect once, without backoff, if the server was restarted. Timeouts are not retried.
            "CONNECTION_POOL_KWARGS": {"retry": Retry(NoBackoff(), 1, (RedisConnectionError,))},
            **params.get("OPTIONS", {}),
        }
        super().__init__(server, {**params, "OPTIONS": options})
        self._breaker = _breaker_of(str(server))
        self._fallback = import_string(options["FALLBACK"])(f"instead of {server}", {})

    def _try(self, method: str, *args: Any, **kwargs: Any) -> Any:
        fallback = getattr(self._fallback, method)
        return self._ask(getattr(super(), method), fallback, *args, **kwargs)

    def _ask(self, ask: Callable[..., T], fallback: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        if self._breaker.lets_through():
            try:
                result = ask(*args, **kwargs)
            except UNAVAILABLE_ERRORS as error:
                # The message contains the host name, but not the URL with its password.
                self._breaker.failed(f"{type(error).__name__}: {error}")
            else:
                self._breaker.succeeded()
                return result
        return fallback(*args, **kwargs)

    def increment_until_exceeded(self, counters: Sequence[tuple[str, int, int]]) -> int:
        """Increment counters in one round trip, up to the first that exceeds its limit.

        Args:
            counters: tuples of key, limit and lifetime in seconds.

        Returns:
            the 1-based position of the first exceeded counter, 0 if there is none.
        """
        keys = [self.client.make_key(key) for key, _limit, _seconds in counters]
        numbers = [number for _key, *numbers in counters for number in numbers]
        return self._ask(
            lambda: int(self.client.get_client().eval(INCREMENT_SCRIPT, len(keys), *keys, *numbers)),
            lambda: int(self._fallback.increment_until_exceeded(counters)),
        )

    add = partialmethod(_try, "add")
    clear = partialmethod(_try, "clear")
    decr = partialmethod(_try, "decr")
    delete = partialmethod(_try, "delete")
    delete_many = partialmethod(_try, "delete_many")
    get = partialmethod(_try, "get")
    get_many = partialmethod(_try, "get_many")
    has_key = partialmethod(_try, "has_key")
    incr = partialmethod(_try, "incr")
    set = partialmethod(_try, "set")
    set_many = partialmethod(_try, "set_many")
    touch = partialmethod(_try, "touch")


class SessionRedisCache(FailoverRedisCache):
    """Session cache whose entries expire after minutes and are then read from the database again.

    This bounds how long a session that was ended while Redis was unavailable remains valid in the cache.
    """

    MAX_SECONDS = 300

    def set(self, key: str, value: Any, timeout: float | None = None, version: int | None = None) -> Any:
        seconds = self.MAX_SECONDS if timeout is None else min(timeout, self.MAX_SECONDS)
        return super().set(key, value, seconds, version=version)
