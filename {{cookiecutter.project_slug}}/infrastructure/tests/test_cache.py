"""Redis cache with a fallback."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest
from django.core.cache import cache

from infrastructure.tests.conftest import DUMMY, redis_at

if TYPE_CHECKING:
    from pytest_django import Settings

    from conftest import Client


@pytest.mark.usefixtures("_redis_down")
def test_cache_stores_nothing_when_redis_is_down() -> None:
    cache.set("colour", "blue")
    assert cache.get("colour", "none") == "none"
    assert cache.add("colour", "blue")
    assert cache.get_many(["colour"]) == {}
    assert "colour" not in cache
    assert not cache.touch("colour")
    assert not cache.delete("colour")
    assert cache.get_or_set("colour", lambda: "computed") == "computed"
    cache.set_many({"colour": "blue"})
    cache.delete_many(["colour"])
    cache.clear()


@pytest.mark.django_db
@pytest.mark.usefixtures("_redis_down")
def test_throttle_applies_when_redis_is_down(api: Client, settings: Settings) -> None:
    settings.THROTTLE_RATES = settings.THROTTLE_RATES | {"auth": "2/day"}
    body = {"email": "unknown@example.com", "password": "wrong"}
    assert [api.post("/api/v1/auth/token/", body).status_code for _ in range(3)] == [401, 401, 429]


def test_circuit_breaker_lets_one_operation_wait_when_redis_hangs(settings: Settings) -> None:
    """Use a server that accepts connections and never responds."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings.CACHES = {"default": redis_at(silent.getsockname()[1], DUMMY)}
        assert [cache.get("colour") for _ in range(20)] == [None] * 20
        silent.setblocking(False)  # noqa: FBT003 - its signature
        with silent.accept()[0], pytest.raises(BlockingIOError):
            silent.accept()
