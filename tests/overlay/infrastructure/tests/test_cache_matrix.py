"""Redis cache: failures of Redis, and Redis itself."""

from __future__ import annotations

import runpy
import socketserver
import threading
from typing import TYPE_CHECKING, Any

import pytest
from django.conf import settings as project_settings
from django.core.cache import cache, caches
from django.urls import reverse
from redis.connection import Connection

from config.env import BASE_DIR
from infrastructure.tests.conftest import DUMMY, redis_at

if TYPE_CHECKING:
    from django.test import Client as DjangoClient
    from pytest_django import Settings

    from conftest import Client

needs_redis = pytest.mark.skipif(
    "redis" not in project_settings.CACHES["default"].get("LOCATION", ""), reason="needs REDIS_URL"
)


@pytest.mark.usefixtures("_redis_down")
def test_admin_session_remains_when_redis_is_down(admin_client: Any) -> None:
    assert admin_client.get(reverse("admin:index")).status_code == 200


@pytest.mark.usefixtures("_redis_down")
def test_cache_logs_once_when_redis_is_down(caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(5):
        cache.get("colour")
        caches["counters"].get("colour")
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    assert "cache_unavailable" in caplog.text


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
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        settings.CACHES = {"default": redis_at(server.server_address[1], DUMMY)}
        cache.set("colour", "blue")
        assert cache.get("colour", "none") == "none"
        server.shutdown()
        redis: Any = caches["default"]
        redis.client.disconnect()
    assert caplog.text.count("cache_unavailable") == 1


@pytest.mark.urls("tests.sampleapp.urls")
def test_cache_page_renders_once(client: DjangoClient) -> None:
    first, second = (client.get("/sample/cached/") for _ in range(2))
    assert first.content == second.content
    assert first["Content-Type"] == second["Content-Type"] == "application/json"


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


@pytest.mark.usefixtures("_redis_down")
def test_counters_use_process_memory_when_redis_is_down() -> None:
    counters = caches["counters"]
    with pytest.raises(ValueError, match="clicks"):
        counters.incr("clicks")
    assert counters.add("clicks", 1, timeout=60)
    assert not counters.add("clicks", 1, timeout=60)
    assert [counters.incr("clicks"), counters.decr("clicks")] == [2, 1]


@pytest.mark.parametrize(("redis_url", "engine"), [("", "db"), ("redis://127.0.0.1:1/0", "cached_db")])
def test_session_engine_never_uses_process_memory(
    monkeypatch: pytest.MonkeyPatch, redis_url: str, engine: str
) -> None:
    monkeypatch.setenv("REDIS_URL", redis_url)
    component = runpy.run_path(str(BASE_DIR / "config/settings/components/cache.py"))
    assert component["SESSION_ENGINE"] == f"django.contrib.sessions.backends.{engine}"
    assert engine == "db" or component["SESSION_CACHE_ALIAS"] in component["CACHES"]
