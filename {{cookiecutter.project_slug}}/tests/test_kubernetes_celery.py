"""The workers of the cluster: every queue has one, and each may end what it has begun."""

from typing import Any

import yaml
from django.conf import settings

from config.env import BASE_DIR

FOLDER = BASE_DIR / "deploy/kubernetes/components/celery"


def read(name: str) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all((FOLDER / name).read_text(encoding="utf-8")))


def test_every_queue_has_workers_and_no_other_has() -> None:
    commands = [
        document["spec"]["template"]["spec"]["containers"][0]["command"]
        for document in read("workers.yaml")
        if document["kind"] == "Deployment"
    ]
    queues = [queue for command in commands for queue in command[command.index("--queues") + 1].split(",")]
    assert sorted(queues) == sorted(settings.CELERY_TASK_QUEUES)


def test_a_worker_has_the_time_that_a_task_may_take() -> None:
    (common,) = read("worker.yaml")
    grace = common["spec"]["template"]["spec"]["terminationGracePeriodSeconds"]
    assert grace > settings.CELERY_TASK_TIME_LIMIT


def test_one_beat_ends_before_the_next_one_starts() -> None:
    beat = read("beat.yaml")[0]["spec"]
    assert (beat["replicas"], beat["strategy"]["type"]) == (1, "Recreate")
