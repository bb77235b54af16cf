"""Fixtures of servers that are unavailable."""

from __future__ import annotations

import socket
from copy import deepcopy
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connection

from infrastructure.database.postgresql.base import DatabaseWrapper

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.db.backends.base.base import BaseDatabaseWrapper
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


@pytest.fixture
def hanging() -> Iterator[str]:
    """Return the URL of a server that accepts connections and never responds."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"postgresql://127.0.0.1:{server.getsockname()[1]}/"


@pytest.fixture
def own_connection(db: None) -> Iterator[BaseDatabaseWrapper]:
    """Return a connection of this backend; closing it aborts its queries."""
    settings = deepcopy(connection.settings_dict)
    options = settings["OPTIONS"]
    options.pop("pool", None)
    options["options"] = f"{options.get('options', '')} -c client_connection_check_interval=50"
    own = DatabaseWrapper(settings)
    yield own
    own.close()
