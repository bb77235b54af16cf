"""Default project during outages of Redis: killed and frozen."""

from __future__ import annotations

import json
import signal
from typing import TYPE_CHECKING

import pytest
import requests
from servers import PostgreSQL, Redis, Web, eventually, production

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.services

LIMIT = 20


class Site:
    """Default project with one worker process, and its Redis."""

    def __init__(self, web: Web, redis: Redis) -> None:
        self.web = web
        self.redis = redis

    def log_in(self) -> requests.Response:
        """Attempt a login with an unknown email."""
        return requests.post(
            f"{self.web.url}/api/v1/auth/token/",
            json={"email": "unknown@example.com", "password": "wrong"},
            headers={"X-Forwarded-Proto": "https"},
            timeout=10,
        )

    def components(self) -> dict[str, str]:
        found: dict[str, str] = requests.get(f"{self.web.url}/health/ready/", timeout=10).json()["components"]
        return found

    def logged(self, event: str) -> int:
        lines = [json.loads(line) for line in self.web.output().splitlines() if line.startswith("{")]
        return sum(line.get("event") == event for line in lines)


@pytest.fixture
def site(installed: Path, tmp_path: Path, postgresql: PostgreSQL) -> Iterator[Site]:
    database = postgresql.create_database("cache_" + tmp_path.name.removeprefix("test_")[:40].rstrip("_0123456789"))
    with Redis(tmp_path) as redis:
        env = production(
            installed,
            DATABASE_URL=database,
            REDIS_URL=redis.url,
            CELERY_BROKER_URL=redis.url,
            LOGIN_FAILURE_LIMIT="1000",
            THROTTLE_AUTH=f"{LIMIT}/day",
        )
        with Web(installed, tmp_path, env, workers=1) as web:
            yield Site(web, redis)


def test_rate_limits_apply_during_and_after_redis_outage(site: Site) -> None:
    assert site.log_in().status_code == 401
    site.redis.kill()
    statuses = [site.log_in().status_code for _ in range(LIMIT + 5)]
    assert statuses == [401] * LIMIT + [429] * 5
    assert site.components()["cache"] == "unavailable"
    assert site.logged("cache_unavailable") == 1
    site.redis.start()
    eventually(lambda: site.components()["cache"] == "ok")
    assert site.logged("cache_available") == 1
    # Redis has kept its counters.
    statuses = [site.log_in().status_code for _ in range(LIMIT)]
    assert statuses == [401] * (LIMIT - 1) + [429]


def test_requests_succeed_when_redis_hangs(site: Site) -> None:
    assert site.log_in().status_code == 401
    site.redis.signal(signal.SIGSTOP)
    answers = [site.log_in() for _ in range(LIMIT)]
    site.redis.signal(signal.SIGCONT)
    assert {answer.status_code for answer in answers} == {401}
    eventually(lambda: site.components()["cache"] == "ok")
