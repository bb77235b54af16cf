"""Caches in Redis if `REDIS_URL` is set, else in process memory.

While Redis is unavailable, nothing is cached, and each process has its own counters.
"""

from typing import Any

from config import project
from config.redis import redis_url

_MEMORY = "infrastructure.cache.memory.MemoryCache"
_DUMMY = "django.core.cache.backends.dummy.DummyCache"

_redis_url = redis_url()


def _redis(prefix: str, *, fallback: str = _DUMMY, backend: str = "FailoverRedisCache") -> dict[str, Any]:
    return {
        "BACKEND": f"infrastructure.cache.backend.{backend}",
        "LOCATION": _redis_url,
        # `json` separates the keys from values that earlier releases stored with another serializer.
        "KEY_PREFIX": f"{project.NAME}:json:{prefix}",
        "OPTIONS": {
            "COMPRESSOR": "django_redis.compressors.zlib.ZlibCompressor",
            "SERIALIZER": "infrastructure.cache.backend.JSONSerializer",
            "FALLBACK": fallback,
        },
    }


_in_memory: dict[str, Any] = {
    name: {"BACKEND": _MEMORY, "LOCATION": name, "OPTIONS": {}} for name in ("default", "counters")
}
_in_redis = {
    # Values are not shared between releases.
    "default": _redis(project.VERSION),
    # Rate limit counters are shared by all releases.
    "counters": _redis("counters", fallback=_MEMORY),
    "sessions": _redis("sessions", backend="SessionRedisCache"),
}

CACHES = _in_redis if _redis_url else _in_memory

# With Redis, write-through to the database, so that clearing the cache ends no session. Without it, no cache:
# process memory would miss a logout in another process.
SESSION_ENGINE = f"django.contrib.sessions.backends.{'cached_db' if _redis_url else 'db'}"
SESSION_CACHE_ALIAS = "sessions"
