"""A cache whose Redis is away: slower, never an error."""

from __future__ import annotations

import runpy
import socket
import socketserver
import threading
from typing import TYPE_CHECKING, Any

import pytest
from django.conf import settings as project_settings
from django.core.cache import cache, caches
from django.urls import reverse

from config.env import BASE_DIR

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_django import Settings

    from conftest import Client

BACKENDS = "django.core.cache.backends"

needs_redis = pytest.mark.skipif(
    "redis" not in project_settings.CACHES["default"].get("LOCATION", ""), reason="needs REDIS_URL"
)


def redis_at(port: int, stand_in: str) -> dict[str, Any]:
    return {
        "BACKEND": "apps.core.redis.FailoverRedisCache",
        "LOCATION": f"redis://127.0.0.1:{port}/0",
        "OPTIONS": {"STAND_IN": f"{BACKENDS}.{stand_in}"},
    }


@pytest.fixture
def port() -> Iterator[int]:
    """A port that is taken and refuses connections: nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


@pytest.fixture
def _away(settings: Settings, port: int) -> None:
    settings.CACHES = {
        "default": redis_at(port, "dummy.DummyCache"),
        "counters": redis_at(port, "locmem.LocMemCache"),
        "sessions": redis_at(port, "dummy.DummyCache"),
    }
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"


@pytest.mark.usefixtures("_away")
def test_nothing_is_cached_while_redis_is_away() -> None:
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
def test_what_is_counted_is_counted_in_the_process_meanwhile() -> None:
    counters = caches["counters"]
    with pytest.raises(ValueError, match="clicks"):
        counters.incr("clicks")
    assert counters.add("clicks", 1, timeout=60)
    assert not counters.add("clicks", 1, timeout=60)
    assert [counters.incr("clicks"), counters.decr("clicks")] == [2, 1]


@pytest.mark.django_db
@pytest.mark.usefixtures("_away")
def test_limits_hold_meanwhile(api: Client, settings: Settings) -> None:
    settings.THROTTLE_RATES = settings.THROTTLE_RATES | {"auth": "2/day"}
    body = {"email": "nobody@example.com", "password": "wrong"}
    assert [api.post("/api/v1/auth/token/", body).status_code for _ in range(3)] == [401, 401, 429]


@pytest.mark.usefixtures("_away")
def test_people_in_the_admin_stay_logged_in_meanwhile(admin_client: Any) -> None:
    assert admin_client.get(reverse("admin:index")).status_code == 200


@pytest.mark.usefixtures("_away")
def test_the_log_says_once_that_it_is_away(caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(5):
        cache.get("colour")
        caches["counters"].get("colour")
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    assert "cache_unavailable" in caplog.text


def test_one_operation_alone_waits_for_a_redis_that_does_not_answer(settings: Settings) -> None:
    """A server that hangs accepts connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings.CACHES = {"default": redis_at(silent.getsockname()[1], "dummy.DummyCache")}
        assert [cache.get("colour") for _ in range(20)] == [None] * 20
        silent.setblocking(False)  # noqa: FBT003 - its signature
        with silent.accept()[0], pytest.raises(BlockingIOError):
            silent.accept()


class Refuser(socketserver.StreamRequestHandler):
    """Answers every command as a server does that cannot write to its disk."""

    def handle(self) -> None:
        while self.rfile.readline():
            self.wfile.write(b"-MISCONF Errors writing to the disk\r\n")


def test_a_redis_that_refuses_fails_nothing(settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Refuser) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        settings.CACHES = {"default": redis_at(server.server_address[1], "dummy.DummyCache")}
        cache.set("colour", "blue")
        assert cache.get("colour", "none") == "none"
        server.shutdown()
        redis: Any = caches["default"]
        redis.client.disconnect()
    assert caplog.text.count("cache_unavailable") == 1


@pytest.mark.parametrize(("redis_url", "engine"), [("", "db"), ("redis://127.0.0.1:1/0", "cached_db")])
def test_no_session_is_kept_in_the_memory_of_one_process(
    monkeypatch: pytest.MonkeyPatch, redis_url: str, engine: str
) -> None:
    monkeypatch.setenv("REDIS_URL", redis_url)
    component = runpy.run_path(str(BASE_DIR / "config/settings/components/cache.py"))
    assert component["SESSION_ENGINE"] == f"django.contrib.sessions.backends.{engine}"
    assert engine == "db" or component["SESSION_CACHE_ALIAS"] in component["CACHES"]


@needs_redis
def test_redis_keeps_what_it_is_given() -> None:
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
def test_redis_keeps_a_session_for_minutes(timeout: int | None) -> None:
    sessions: Any = caches["sessions"]
    sessions.set("session", {"a": 1}, timeout)
    assert 0 < sessions.ttl("session") <= 300
