"""Fixtures of servers that are unavailable."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_django import Settings

DUMMY = "django.core.cache.backends.dummy.DummyCache"


def redis_at(port: int, fallback: str) -> dict[str, Any]:
    return {
        "BACKEND": "infrastructure.cache.backend.FailoverRedisCache",
        "LOCATION": f"redis://127.0.0.1:{port}/0",
        "OPTIONS": {"FALLBACK": fallback},
    }


@pytest.fixture
def port() -> Iterator[int]:
    """Return a bound port that refuses connections."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


@pytest.fixture
def _redis_down(settings: Settings, port: int) -> None:
    settings.CACHES = {
        "default": redis_at(port, DUMMY),
        "counters": redis_at(port, "infrastructure.cache.memory.MemoryCache"),
        "sessions": redis_at(port, DUMMY),
    }
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"
