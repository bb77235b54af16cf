"""Tasks that failed for good, or could not be queued: kept, queued again, and forgotten in time."""

from __future__ import annotations

import traceback
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import structlog
from django.db import transaction
from django.utils import timezone

from infrastructure.logging.scrub import without_persons
from infrastructure.tasks.models import DeadLetter

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import TracebackType

    from django.db.models import QuerySet

KEPT = timedelta(days=14)
MAX_ERROR = 500

logger = structlog.get_logger(__name__)


def deadletter_create(  # noqa: PLR0913 - the columns of a row
    *,
    task_id: str,
    task: str,
    call: tuple[Sequence[Any], Mapping[str, Any]],
    error: BaseException,
    queue: str = "",
    trace: TracebackType | None = None,
    retries: int = 0,
    published: bool = True,
) -> None:
    """Keep a task; that it failed twice under one id is kept once, as it was the last time.

    Args:
        task_id: as the worker knows it.
        task: its name.
        call: its positional and keyword arguments.
        error: what ended it; its text is stored without addresses.
        queue: where it was queued.
        trace: where it failed; the files, lines and functions are stored.
        retries: how often it was tried again.
        published: whether a broker ever had it.
    """
    text = f"{type(error).__name__}: {without_persons(str(error))}"
    values = {
        "task": task,
        "queue": queue,
        "reason": DeadLetter.Reason.FAILED if published else DeadLetter.Reason.UNPUBLISHED,
        "error": text[:MAX_ERROR],
        "trace": "".join(traceback.format_tb(trace)),
        "retries": retries,
        "call": [list(call[0]), dict(call[1])],
        "request_id": structlog.contextvars.get_contextvars().get("request_id", ""),
        "replayed_at": None,
    }
    DeadLetter.objects.bulk_create(
        [DeadLetter(task_id=task_id, **values)],
        update_conflicts=True,
        unique_fields=["task_id"],
        update_fields=list(values),
    )


@transaction.atomic
def deadletter_replay(*, deadletter: DeadLetter) -> bool:
    """Queue a task again, once, also when two people ask for it at the same moment.

    Returns:
        whether it was queued now; not when it had been before.

    Raises:
        LookupError: no task has this name now.
        kombu.exceptions.OperationalError: the broker is away; nothing is changed.
    """
    from config.celery import app  # noqa: PLC0415 - Celery, which only a process that queues tasks needs

    current = DeadLetter.objects.select_for_update().filter(pk=deadletter.pk, replayed_at=None).first()
    if current is None:
        return False
    args, kwargs = current.call
    current.replayed_at = timezone.now()
    current.save(update_fields=["replayed_at"])
    if current.task not in app.tasks:
        # Of an app whose tasks this process has not needed yet.
        app.loader.import_default_modules()
    # Nobody else has the id of what never reached a broker; what failed gets one of its own, to fail under.
    same_id = current.task_id if current.reason == DeadLetter.Reason.UNPUBLISHED else None
    options: dict[str, Any] = {"queue": current.queue} if current.queue else {}
    app.tasks[current.task].apply_async(args, kwargs, task_id=same_id, **options)
    logger.info("dead_letter_replayed", task=current.task, child_task_id=current.task_id)
    return True


def deadletter_replay_unpublished(*, dry_run: bool = False) -> int:
    """Queue what could not be queued while the broker was away; returns how many.

    What cannot be read, or is a task of another release, stays and keeps nothing behind it from being queued.
    """
    waiting = DeadLetter.objects.filter(reason=DeadLetter.Reason.UNPUBLISHED, replayed_at=None)
    if dry_run:
        return waiting.count()
    queued = 0
    for deadletter in waiting.order_by("created_at").iterator():
        try:
            queued += deadletter_replay(deadletter=deadletter)
        except LookupError as error:
            logger.warning("dead_letter_stays", task=deadletter.task, reason=type(error).__name__)
    return queued


def deadletter_purge(*, dry_run: bool = False) -> int:
    """Forget what was kept for two weeks, replayed or not; returns how many."""
    old: QuerySet[DeadLetter] = DeadLetter.objects.filter(created_at__lt=timezone.now() - KEPT)
    return old.count() if dry_run else old.delete()[0]
