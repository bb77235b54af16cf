"""The Celery application: `celery --app config.celery worker`.

Celery takes as long to import as Django, so nothing that every process starts with imports this module; the
worker does, and whatever queues a task. https://docs.celeryq.dev/en/stable/django/first-steps-with-django.html
"""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING, Any

from celery import Celery
from celery.signals import setup_logging, task_failure, worker_init
from django.conf import settings
from django.dispatch import receiver
from django_structlog.celery.receivers import CeleryReceiver
from django_structlog.celery.signals import modify_context_before_task_publish

if TYPE_CHECKING:
    from infrastructure.tasks.base import Task

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.production")

# What a task takes over from the log context of who queued it.
CONTEXT = ("request_id", "user_id", "parent_task_id")

app: Celery[Task] = Celery("config", task_cls="infrastructure.tasks.base:Task")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.steps["worker"].add("infrastructure.tasks.worker:Heartbeat")
app.steps["consumer"].add("infrastructure.tasks.worker:Consuming")

_lines = CeleryReceiver()
_lines.connect_signals()


@receiver(modify_context_before_task_publish)
def keep_what_names_the_request(context: dict[str, Any], **_kwargs: Any) -> None:
    for name in context.keys() - set(CONTEXT):
        del context[name]


@worker_init.connect
def prepare_worker(**_kwargs: Any) -> None:
    # Each line has the id of its task; elsewhere tasks leave the log context of a request alone.
    _lines.connect_worker_signals()
    logging.getLogger("celery.app.trace").setLevel(logging.CRITICAL)
    # A task is done when what it queued is queued: done before, a worker that is killed would lose that.
    settings.BACKGROUND_THREADS = False


@setup_logging.connect
def keep_logging(**_kwargs: Any) -> None:
    """Django has set up the logs; that somebody listens here keeps Celery from doing it again."""


@task_failure.connect
def keep_failure(sender: Any, **kwargs: Any) -> None:
    """Whatever ended the task for good: an error, a time limit, the loss of its process."""
    sender.keep_failure(**kwargs)
