"""Redis cache with fallback, and its serializer."""

from __future__ import annotations

import json
import pickle
import runpy
import socket
import socketserver
import threading
import zlib
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from django.conf import settings as project_settings
from django.core.cache import cache, caches
from django.http import HttpResponse
from django.urls import reverse
from redis.connection import Connection

from apps.core.caching import cache_remember
from config.env import BASE_DIR
from infrastructure.cache.backend import JSONSerializer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.test import Client as DjangoClient
    from pytest_django import Settings

    from conftest import Client

DUMMY = "django.core.cache.backends.dummy.DummyCache"

needs_redis = pytest.mark.skipif(
    "redis" not in project_settings.CACHES["default"].get("LOCATION", ""), reason="needs REDIS_URL"
)


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
def _away(settings: Settings, port: int) -> None:
    settings.CACHES = {
        "default": redis_at(port, DUMMY),
        "counters": redis_at(port, "infrastructure.cache.memory.MemoryCache"),
        "sessions": redis_at(port, DUMMY),
    }
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"


@pytest.mark.usefixtures("_away")
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


@pytest.mark.usefixtures("_away")
def test_counters_use_process_memory_when_redis_is_down() -> None:
    counters = caches["counters"]
    with pytest.raises(ValueError, match="clicks"):
        counters.incr("clicks")
    assert counters.add("clicks", 1, timeout=60)
    assert not counters.add("clicks", 1, timeout=60)
    assert [counters.incr("clicks"), counters.decr("clicks")] == [2, 1]


@pytest.mark.django_db
@pytest.mark.usefixtures("_away")
def test_throttle_applies_when_redis_is_down(api: Client, settings: Settings) -> None:
    settings.THROTTLE_RATES = settings.THROTTLE_RATES | {"auth": "2/day"}
    body = {"email": "nobody@example.com", "password": "wrong"}
    assert [api.post("/api/v1/auth/token/", body).status_code for _ in range(3)] == [401, 401, 429]


@pytest.mark.usefixtures("_away")
def test_admin_session_remains_when_redis_is_down(admin_client: Any) -> None:
    assert admin_client.get(reverse("admin:index")).status_code == 200


@pytest.mark.usefixtures("_away")
def test_cache_logs_once_when_redis_is_down(caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(5):
        cache.get("colour")
        caches["counters"].get("colour")
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    assert "cache_unavailable" in caplog.text


def test_circuit_breaker_lets_one_operation_wait_when_redis_hangs(settings: Settings) -> None:
    """Use a server that accepts connections and never responds."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings.CACHES = {"default": redis_at(silent.getsockname()[1], DUMMY)}
        assert [cache.get("colour") for _ in range(20)] == [None] * 20
        silent.setblocking(False)  # noqa: FBT003 - its signature
        with silent.accept()[0], pytest.raises(BlockingIOError):
            silent.accept()


class Refuser(socketserver.StreamRequestHandler):
    """Redis server that responds to every command with a disk error."""

    def handle(self) -> None:
        while self.rfile.readline():
            self.wfile.write(b"-MISCONF Errors writing to the disk\r\n")


def test_cache_uses_fallback_when_redis_returns_errors(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Refuser) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        settings.CACHES = {"default": redis_at(server.server_address[1], DUMMY)}
        cache.set("colour", "blue")
        assert cache.get("colour", "none") == "none"
        server.shutdown()
        redis: Any = caches["default"]
        redis.client.disconnect()
    assert caplog.text.count("cache_unavailable") == 1


@pytest.mark.parametrize(("redis_url", "engine"), [("", "db"), ("redis://127.0.0.1:1/0", "cached_db")])
def test_session_engine_never_uses_process_memory(
    monkeypatch: pytest.MonkeyPatch, redis_url: str, engine: str
) -> None:
    monkeypatch.setenv("REDIS_URL", redis_url)
    component = runpy.run_path(str(BASE_DIR / "config/settings/components/cache.py"))
    assert component["SESSION_ENGINE"] == f"django.contrib.sessions.backends.{engine}"
    assert engine == "db" or component["SESSION_CACHE_ALIAS"] in component["CACHES"]


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


@pytest.mark.urls("tests.sampleapp.urls")
def test_cache_page_renders_once(client: DjangoClient) -> None:
    first, second = (client.get("/sample/cached/") for _ in range(2))
    assert first.content == second.content
    assert first["Content-Type"] == second["Content-Type"] == "application/json"


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
@pytest.mark.django_db
def test_throttling_needs_one_redis_command(
    api: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands: list[str] = []
    send: Any = Connection.send_command

    def record(self: Connection, *args: Any, **kwargs: Any) -> None:
        commands.append(args[0])
        send(self, *args, **kwargs)

    monkeypatch.setattr(Connection, "send_command", record)
    settings.THROTTLE_RATES = settings.THROTTLE_RATES | {"anon": "3/minute,2/hour,1/day"}
    url = reverse("v1:users:me")
    assert api.get(url, REMOTE_ADDR="192.0.2.77").status_code == 401
    assert commands == ["EVAL"]
    assert api.get(url, REMOTE_ADDR="192.0.2.77").status_code == 429


@needs_redis
def test_counters_expire_with_their_window() -> None:
    counters: Any = caches["counters"]
    limits = [("burst", 2, 60), ("sustained", 1, 3600)]
    assert [counters.increment_until_exceeded(limits) for _ in range(3)] == [0, 2, 1]
    assert (counters.get("burst"), counters.get("sustained")) == (3, 2)
    assert 0 < counters.ttl("burst") <= 60
    assert 60 < counters.ttl("sustained") <= 3600


@needs_redis
def test_redis_stores_values_and_increments_atomically() -> None:
    cache.set("colour", {"name": "blue" * 100})
    assert cache.get("colour") == {"name": "blue" * 100}
    counters = caches["counters"]
    assert counters.add("clicks", 1)
    threads = [threading.Thread(target=counters.incr, args=("clicks",)) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counters.get("clicks") == 11


@needs_redis
@pytest.mark.parametrize("timeout", [None, 1_209_600])
def test_session_cache_limits_lifetime(timeout: int | None) -> None:
    sessions: Any = caches["sessions"]
    sessions.set("session", {"a": 1}, timeout)
    assert 0 < sessions.ttl("session") <= 300
