"""Redis where `REDIS_URL` names one, else the memory of the process."""

from typing import Any

from config.env import env

_redis_url: str = env("REDIS_URL", default="")
_memory: dict[str, Any] = {
    "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
    # The default of 300 would forget whom a limit counts.
    "OPTIONS": {"MAX_ENTRIES": 100_000},
}
_redis: dict[str, Any] = {
    "BACKEND": "django_redis.cache.RedisCache",
    "LOCATION": _redis_url,
    "KEY_PREFIX": "{{ cookiecutter.project_slug }}",
    "OPTIONS": {"SOCKET_CONNECT_TIMEOUT": 2, "SOCKET_TIMEOUT": 2},
}

CACHES = {"default": _redis if _redis_url else _memory}
