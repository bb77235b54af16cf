"""Celery workers in Kubernetes: queues and graceful shutdown."""

from typing import Any

import yaml
from django.conf import settings

from config.env import BASE_DIR

FOLDER = BASE_DIR / "deploy/kubernetes/components/celery"


def read(name: str) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all((FOLDER / name).read_text(encoding="utf-8")))


def test_workers_consume_every_queue() -> None:
    commands = [
        document["spec"]["template"]["spec"]["containers"][0]["command"]
        for document in read("workers.yaml")
        if document["kind"] == "Deployment"
    ]
    queues = [queue for command in commands for queue in command[command.index("--queues") + 1].split(",")]
    assert sorted(queues) == sorted(settings.CELERY_TASK_QUEUES)


def test_worker_grace_period_exceeds_the_task_time_limit() -> None:
    (common,) = read("worker.yaml")
    grace = common["spec"]["template"]["spec"]["terminationGracePeriodSeconds"]
    assert grace > settings.CELERY_TASK_TIME_LIMIT


def test_beat_never_runs_twice() -> None:
    beat = read("beat.yaml")[0]["spec"]
    assert (beat["replicas"], beat["strategy"]["type"]) == (1, "Recreate")
