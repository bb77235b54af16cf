"""Load test `make load`: report and exit status."""

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


def test_load_writes_report_and_fails_when_target_is_missed(
    project: Path, tmp_path: Path, postgresql: PostgreSQL, redis: Redis
) -> None:
    database = postgresql.create_database("load")
    env = production(project, DATABASE_URL=database, REDIS_URL=redis.url, CELERY_BROKER_URL=redis.url, **UNLIMITED)
    load = ["make", "load", "USERS=4", "TIME=4s", f"PYTHON={sys.executable}"]
    with Web(project, tmp_path, env) as web:
        # Ignore the exit status: the speed depends on other load of the machine.
        subprocess.run([*load, f"URL={web.url}"], cwd=project, env=env, check=False)
        report = (project / "load" / "report.md").read_text(encoding="utf-8")
    assert "| failed requests | 0 | 0 | yes |" in report
    assert "MB | yes |" in report
    assert "| requests | > 0 | 0 |" not in report
    assert (
        run(project / ".venv" / "bin" / "python", "manage.py", "shell", "-v0", "-c", COUNT, cwd=project, env=env)
        == "0\n"
    )

    nobody = subprocess.run([*load, f"URL=http://127.0.0.1:{free_port()}"], cwd=project, env=env, check=False)
    assert nobody.returncode != 0
    assert "**no**" in (project / "load" / "report.md").read_text(encoding="utf-8")
    assert not (project / "load" / "prepared.json").exists()
