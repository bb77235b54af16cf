"""JSON serializer of the Redis cache, and counters in Redis."""

from __future__ import annotations

import json
import pickle
import zlib
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.conf import settings as project_settings
from django.core.cache import cache, caches
from django.http import HttpResponse
from django.urls import reverse

from apps.core.caching import cache_remember
from infrastructure.cache.backend import JSONSerializer

needs_redis = pytest.mark.skipif(
    "redis" not in project_settings.CACHES["default"].get("LOCATION", ""), reason="needs REDIS_URL"
)


class Exploit:
    """Pickle payload of an attacker with write access to Redis."""

    def __reduce__(self) -> tuple[Any, ...]:
        return (pytest.fail, ("unpickled",))


def test_serializer_returns_none_for_foreign_values() -> None:
    serializer = JSONSerializer({})
    pickled = pickle.dumps(Exploit())
    for stored in (pickled, b"nonsense", b"[]", b'{"page": [200]}', b'{"page": [1, [2], "x"]}'):
        assert serializer.loads(stored) is None


@pytest.mark.parametrize("value", [None, "text", 1.5, True, [1, "2", None], {"a": {"b": [1]}}, {"page": [1]}])
def test_serializer_restores_json_values(value: Any) -> None:
    serializer = JSONSerializer({})
    assert serializer.loads(serializer.dumps(value)) == value


@pytest.mark.parametrize("value", [b"bytes", {1, 2}, datetime(2030, 1, 1, tzinfo=UTC), Decimal(1), object])
def test_serializer_rejects_values_that_are_not_json(value: Any) -> None:
    with pytest.raises(TypeError, match="not JSON serializable"):
        JSONSerializer({}).dumps(value)


def test_serializer_restores_page_without_cookies() -> None:
    page = HttpResponse(b"\xff\x00", status=201, headers={"Content-Type": "image/x", "Vary": "Accept"})
    page.set_cookie("sessionid", "secret")
    serializer = JSONSerializer({})
    stored = serializer.loads(serializer.dumps(page))
    assert (stored.status_code, stored.content) == (201, b"\xff\x00")
    assert dict(stored.items()) == {"Content-Type": "image/x", "Vary": "Accept"}
    assert not stored.cookies


@needs_redis
@pytest.mark.django_db
def test_caches_contain_no_pickles(admin_client: Any) -> None:
    admin_client.get(reverse("admin:index"))
    cache.set("text", "x" * 5000)
    cache_remember("answer", lambda: {"n": 1}, fresh=timedelta(minutes=1), stale=timedelta(minutes=1))
    redis: Any = caches["default"]
    # In tests, all caches have the same prefix.
    keys = list(redis.iter_keys("*"))
    assert {"text", "answer"} < {*keys}
    assert any("session" in key for key in keys)
    for key in keys:
        stored = redis.client.get_client().get(redis.make_key(key))
        with suppress(zlib.error):
            stored = zlib.decompress(stored)
        json.loads(stored)


@needs_redis
def test_counters_expire_with_their_window() -> None:
    counters: Any = caches["counters"]
    limits = [("burst", 2, 60), ("sustained", 1, 3600)]
    assert [counters.increment_until_exceeded(limits) for _ in range(3)] == [0, 2, 1]
    assert (counters.get("burst"), counters.get("sustained")) == (3, 2)
    assert 0 < counters.ttl("burst") <= 60
    assert 60 < counters.ttl("sustained") <= 3600


@needs_redis
@pytest.mark.parametrize("timeout", [None, 1_209_600])
def test_session_cache_limits_lifetime(timeout: int | None) -> None:
    sessions: Any = caches["sessions"]
    sessions.set("session", {"a": 1}, timeout)
    assert 0 < sessions.ttl("session") <= 300
