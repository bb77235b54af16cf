"""Worker and beat of the default project: retries, logs, shutdown, kills and outages of Redis."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest
from celery_project import Proof, lines, register
from servers import PostgreSQL, Redis, Web, eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.services


@pytest.fixture
def proof(installed: Path, tmp_path: Path, postgresql: PostgreSQL) -> Iterator[Proof]:
    with Redis(tmp_path) as redis:
        yield Proof(installed, tmp_path, postgresql, redis)


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


def test_running_tasks_are_redelivered_when_worker_is_killed(proof: Proof) -> None:
    proof.do("for number in range(6): work.delay(f'task-{number}', 2)")
    with proof.worker() as worker:
        eventually(lambda: proof.count("attempt", "task-%") == 2)
        worker.kill()
        worker.start()
        eventually(lambda: proof.sql("SELECT count(DISTINCT key) FROM proof_effect") == "6", every=0.5)
    assert proof.count("attempt", "task-%") == 8


def test_task_is_retried_and_final_failure_is_logged_without_personal_data(proof: Proof) -> None:
    proof.do("fail.delay('failed')")
    with proof.worker() as worker:
        eventually(lambda: "task_failed" in worker.output())
        assert proof.count("attempt", "failed") == 3
        assert [line["event"] for line in lines(worker) if "task_id" in line].count("task_retrying") == 2
        assert "ann@" not in worker.output()


def test_worker_shuts_down_gracefully(proof: Proof) -> None:
    proof.do("for number in range(6): work.delay(f'task-{number}', 3)")
    with proof.worker() as worker:
        eventually(lambda: proof.count("attempt", "task-%") == 2)
        assert worker.process is not None
        worker.process.send_signal(signal.SIGTERM)
        assert worker.process.wait(30) == 0
        assert proof.count("attempt", "task-%") == 2
        assert not proof.is_healthy("live")
        worker.kill()
        worker.start()
        eventually(lambda: proof.count("attempt", "task-%") == 6)
    assert proof.sql("SELECT count(*), count(DISTINCT key) FROM proof_attempt") == "6|6"


def test_requests_and_mails_succeed_during_redis_outage(proof: Proof) -> None:
    with proof.worker() as worker, Web(proof.project, proof.folder, proof.env) as web:
        assert register(web, "before@example.com").status_code == 202
        eventually(lambda: proof.mails_to("before@example.com"))
        assert proof.is_healthy("ready")
        proof.redis.stop()
        eventually(lambda: not proof.is_healthy("ready"))
        assert proof.is_healthy("live")
        assert register(web, "during@example.com").status_code == 202
        # The server sends the email itself.
        eventually(lambda: proof.mails_to("during@example.com"))
        proof.redis.start()
        eventually(lambda: proof.is_healthy("ready"))
        assert register(web, "after@example.com").status_code == 202
        eventually(lambda: worker.output().count("task_succeeded") == 2)
    assert [proof.mails_to(f"{name}@example.com") for name in ("before", "during", "after")] == [1, 1, 1]
    assert "task_unpublished" in web.output()
    assert "@example.com" not in worker.output() + web.output()


def test_beat_queues_periodic_tasks_and_continues_after_restart(proof: Proof) -> None:
    with proof.worker(), proof.celery("beat", "beat") as beat:
        eventually(lambda: proof.count("attempt", "tick") >= 2)
        assert proof.is_healthy("live", "beat")
        beat.kill()
        beat.start()
        before = proof.count("attempt", "tick")
        eventually(lambda: proof.count("attempt", "tick") > before)
        assert beat.stop() == 0
    # Its suffix depends on the database module of Python.
    assert list(proof.folder.glob(".celery-schedule*"))
