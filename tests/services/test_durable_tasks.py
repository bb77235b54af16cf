"""Worker and beat of a project with durable tasks during kills and Redis outages: tasks take effect exactly once."""

from __future__ import annotations

import itertools
import shutil
import signal
import time
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest
import requests
from celery_project import Proof, lines, register
from servers import PostgreSQL, Redis, Web, eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from baking import Bakery

pytestmark = pytest.mark.services

TASKS = """
import os, signal, time
from config.celery import app
from proof.models import Attempt, Effect, Repair
from infrastructure.durable_tasks.services.idempotency_keys import run_once

@app.task
def work(key, seconds=0.01):
    Attempt.objects.create(key=key)
    with run_once(key) as first:
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


@pytest.fixture(scope="module")
def durable(bake: Bakery, installed: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a project with the feature, which has the dependencies of the default project."""
    project = shutil.copytree(bake(features="durable_tasks"), tmp_path_factory.mktemp("durable") / "my_api")
    (project / ".venv").symlink_to(installed / ".venv")
    return project


@pytest.fixture
def proof(durable: Path, tmp_path: Path, postgresql: PostgreSQL) -> Iterator[Proof]:
    with Redis(tmp_path) as redis:
        yield Proof(durable, tmp_path, postgresql, redis, tasks=TASKS)


def dead_letters(proof: Proof) -> str:
    return proof.sql("SELECT count(*) FROM durable_tasks_deadletter")


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
    assert dead_letters(proof) == "0"


def test_prefetched_task_is_redelivered_when_worker_is_killed(proof: Proof) -> None:
    with proof.worker() as worker:
        eventually(lambda: proof.is_healthy("ready"))
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
        eventually(lambda: not proof.is_healthy("ready"))
        assert proof.is_healthy("live")
        end = time.monotonic() + 10
        number = 0
        while time.monotonic() < end:
            assert register(web, f"away-{number}@example.com").status_code == 202
            number += 1
            time.sleep(0.5)
        components = requests.get(f"{web.url}/health/ready/", timeout=10).json()["components"]
        assert components["broker"] == "unavailable"
        # All are stored as dead letters before Redis is available again.
        eventually(lambda: dead_letters(proof) == str(number))
        proof.redis.start()
        eventually(lambda: proof.is_healthy("ready"))
        assert register(web, "after@example.com").status_code == 202
        # Tasks are stored for some more seconds, until the next attempt to reach the broker.
        kept = str(number + 1)
        eventually(lambda: proof.mails_to("after@example.com") or dead_letters(proof) == kept)
        proof.manage("replay_unpublished")
        eventually(lambda: proof.mails_to("after@example.com"))
        eventually(lambda: all(proof.mails_to(f"away-{each}@example.com") for each in range(number)), every=0.5)
        eventually(lambda: proof.count("effect", "task-%") == 300, every=0.5)
        assert worker.running()
    assert proof.sql("SELECT count(*), count(DISTINCT key) FROM proof_effect") == "300|300"
    assert [proof.mails_to(f"away-{each}@example.com") for each in range(number)] == [1] * number
    assert "@example.com" not in worker.output() + web.output()


def test_failed_tasks_become_dead_letters_that_can_be_replayed(proof: Proof) -> None:
    proof.do("fail.delay('failed')", "die.delay('killed')", "hang.delay('late')")
    with proof.worker() as worker:
        eventually(lambda: dead_letters(proof) == "3", every=0.5)
        assert [proof.count("attempt", key) for key in ("failed", "killed", "late")] == [3, 2, 1]
        kept = proof.sql("SELECT retries, error FROM durable_tasks_deadletter WHERE task = 'proof.tasks.fail'")
        assert kept == "2|ConnectionError: [redacted]: refused at https://example.com/?[redacted]"
        proof.do(
            "from infrastructure.durable_tasks.models import DeadLetter",
            "from infrastructure.durable_tasks.services.deadletters import deadletter_replay",
            "Repair.objects.create()",
            "letter = DeadLetter.objects.get(task='proof.tasks.fail')",
            "assert [deadletter_replay(deadletter=letter) for _ in range(2)] == [True, False]",
        )
        eventually(lambda: proof.count("effect", "failed"))
        assert worker.running()
    assert proof.count("effect", "failed") == 1
    assert "ann@" not in worker.output()


def test_beat_fails_over_without_duplicates_when_frozen(proof: Proof) -> None:
    with (proof.folder / "proof_settings.py").open("a", encoding="utf-8") as settings:
        settings.write("BEAT_LEASE_SECONDS = 4\n")

    def fired() -> int:
        return int(proof.sql("SELECT coalesce(sum(runs), 0) FROM durable_tasks_schedule"))

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
