"""Celery application: `celery --app config.celery worker`.

Importing Celery takes as long as importing Django, so this module is imported only by the worker and where
tasks are queued. https://docs.celeryq.dev/en/stable/django/first-steps-with-django.html
"""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING, Any

from celery import Celery
from celery.signals import setup_logging, worker_init
from django.conf import settings
from django.dispatch import receiver
from django_structlog.celery.receivers import CeleryReceiver
from django_structlog.celery.signals import modify_context_before_task_publish

if TYPE_CHECKING:
    from celery.contrib.django.task import DjangoTask

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.production")

# Log context that a task inherits from the process that queued it.
CONTEXT = ("request_id", "user_id", "parent_task_id")

app: Celery[DjangoTask[Any, Any]] = Celery("config", task_cls=settings.TASK_CLASS)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.steps["consumer"].add("infrastructure.tasks.heartbeats:Heartbeat")

_lines = CeleryReceiver()
_lines.connect_signals()


@receiver(modify_context_before_task_publish)
def keep_ids(context: dict[str, Any], **_kwargs: Any) -> None:
    for name in context.keys() - set(CONTEXT):
        del context[name]


@worker_init.connect
def prepare_worker(**_kwargs: Any) -> None:
    # Log lines have the task id. Only in the worker: eager tasks must keep the log context of the request.
    _lines.connect_worker_signals()
    logging.getLogger("celery.app.trace").setLevel(logging.CRITICAL)
    # Publish synchronously: jobs in a background thread would be lost if the worker is killed after the task.
    settings.BACKGROUND_THREADS = False


@setup_logging.connect
def keep_logging(**_kwargs: Any) -> None:
    """Keep the logging configuration of Django; Celery configures logging unless a receiver is connected."""
