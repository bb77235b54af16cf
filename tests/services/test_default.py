"""Default project in production, on PostgreSQL and Redis."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import requests
from servers import PostgreSQL, Redis, Web, production

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.services


def test_readiness_succeeds(installed: Path, tmp_path: Path, postgresql: PostgreSQL, redis: Redis) -> None:
    env = production(
        installed,
        DATABASE_URL=postgresql.create_database("default_ready"),
        REDIS_URL=redis.url,
        CELERY_BROKER_URL=redis.url,
    )
    with Web(installed, tmp_path, env) as web:
        answer = requests.get(f"{web.url}/health/ready/", timeout=10)
    assert answer.status_code == 200
    assert set(answer.json()["components"].values()) == {"ok"}
