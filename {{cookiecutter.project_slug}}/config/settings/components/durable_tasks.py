"""Tasks that are never lost, see docs/durable-tasks.md."""

from typing import Any

from config.settings.components.celery import CELERY_BEAT_SCHEDULE, CELERY_TASK_ALWAYS_EAGER

TASK_CLASS = "infrastructure.durable_tasks.base:Task"
CELERY_BROKER_TRANSPORT = (
    None if CELERY_TASK_ALWAYS_EAGER else "infrastructure.durable_tasks.transport:Transport"
)
CELERY_WORKER_CONSUMER = "infrastructure.durable_tasks.consumer:Consumer"
CELERY_BEAT_SCHEDULER = "infrastructure.durable_tasks.scheduler:DatabaseScheduler"
# Another beat becomes active if the lease is not renewed for this time.
BEAT_LEASE_SECONDS = 30
CELERY_BEAT_SCHEDULE |= {
    name: {"task": "infrastructure.tasks.tasks.command_run", "schedule": cron, "args": [name]}
    for name, cron in {"replay_unpublished": "* * * * *", "purge_tasks": "50 3 * * *"}.items()
}
# Attributes of tasks that do not import this feature, see infrastructure/durable_tasks/base.py.
CELERY_TASK_ANNOTATIONS: dict[str, dict[str, Any]] = {
    "apps.core.tasks.mail_deliver": {"runs_once": True},
    # Beat queues it again.
    "infrastructure.tasks.tasks.command_run": {"keeps_failures": False},
}
