"""Redis where `REDIS_URL` names one, else the memory of the process.

While Redis is away nothing is cached, and what is counted is counted by each process for itself.
"""

from typing import Any

from config import project
from config.redis import redis_url

_redis_url = redis_url()


def _memory(name: str) -> dict[str, Any]:
    return {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "LOCATION": name,
        # The default of 300 would forget whom a limit counts.
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }


def _redis(prefix: str, *, stand_in: str, backend: str = "FailoverRedisCache") -> dict[str, Any]:
    return {
        "BACKEND": f"infrastructure.cache.backend.{backend}",
        "LOCATION": _redis_url,
        # What releases before the serializer wrote is left alone: neither can read the other's values.
        "KEY_PREFIX": f"{project.NAME}:json:{prefix}",
        "OPTIONS": {
            "COMPRESSOR": "django_redis.compressors.zlib.ZlibCompressor",
            "SERIALIZER": "infrastructure.cache.backend.JSONSerializer",
            "STAND_IN": f"django.core.cache.backends.{stand_in}",
        },
    }


_in_memory = {"default": _memory("default"), "counters": _memory("counters")}
_in_redis = {
    # A release reads nothing that another one has stored.
    "default": _redis(project.VERSION, stand_in="dummy.DummyCache"),
    # All releases count together what limits count.
    "counters": _redis("counters", stand_in="locmem.LocMemCache"),
    "sessions": _redis("sessions", stand_in="dummy.DummyCache", backend="SessionRedisCache"),
}

CACHES = _in_redis if _redis_url else _in_memory

# Sessions are written to both and read from the cache: emptying it logs nobody out. Not through the memory of
# a process: it does not hear of a log-out in another one.
SESSION_ENGINE = f"django.contrib.sessions.backends.{'cached_db' if _redis_url else 'db'}"
SESSION_CACHE_ALIAS = "sessions"
