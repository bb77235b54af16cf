"""Load test `make load`: its accounts and exit status."""

from __future__ import annotations

import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from baking import run
from servers import Web, free_port, production

if TYPE_CHECKING:
    from pathlib import Path

    from servers import PostgreSQL, Redis

pytestmark = pytest.mark.services

UNLIMITED = dict.fromkeys(("THROTTLE_ANON", "THROTTLE_USER", "THROTTLE_AUTH", "THROTTLE_TOKEN"), "none")
COUNT = "from apps.users.models import User; print(User.objects.count())"


@pytest.fixture
def project(installed: Path, tmp_path: Path) -> Path:
    """Return the default project with a separate virtual environment, since `make load` installs packages."""
    place = tmp_path / "my_api"
    shutil.copytree(installed, place, ignore=shutil.ignore_patterns(".venv"))
    run("make", "setup", f"PYTHON={sys.executable}", cwd=place)
    return place


def test_load_deletes_its_accounts_and_fails_without_responses(
    project: Path, tmp_path: Path, postgresql: PostgreSQL, redis: Redis
) -> None:
    database = postgresql.create_database("load")
    env = production(project, DATABASE_URL=database, REDIS_URL=redis.url, CELERY_BROKER_URL=redis.url, **UNLIMITED)

    def load(url: str, seconds: int = 4) -> tuple[int, str]:
        command = ["make", "load", "USERS=4", f"TIME={seconds}s", f"PYTHON={sys.executable}", f"URL={url}"]
        process = subprocess.run(command, cwd=project, env=env, check=False, capture_output=True, text=True)
        return process.returncode, process.stdout + process.stderr

    with Web(project, tmp_path, env) as web:
        # Without the exit status: the speed depends on other load of the machine.
        _, printed = load(web.url, seconds=10)
    assert "POST     /api/v1/auth/token/" in printed
    assert "no requests, or failed ones" not in printed
    shell = (project / ".venv" / "bin" / "python", "manage.py", "shell", "-v0", "-c", COUNT)
    assert run(*shell, cwd=project, env=env) == "0\n"

    status, printed = load(f"http://127.0.0.1:{free_port()}")
    assert status != 0
    assert "no requests, or failed ones" in printed
