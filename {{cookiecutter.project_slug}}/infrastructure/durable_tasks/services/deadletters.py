"""Dead letters: create, replay and purge tasks that failed permanently or could not be queued."""

from __future__ import annotations

import traceback
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import structlog
from django.db import transaction
from django.utils import timezone

from infrastructure.durable_tasks.models import DeadLetter
from infrastructure.logging.scrub import redact_error

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
    """Create the dead letter of a task, or update the one with the same task id.

    Args:
        task_id: id of the task.
        task: name of the task.
        call: positional and keyword arguments.
        error: cause of the failure; its message is stored without emails.
        queue: name of the queue.
        trace: traceback, of which files, lines and functions are stored.
        retries: number of retries.
        published: whether the task was queued.
    """
    text = f"{type(error).__name__}: {redact_error(str(error))}"
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
    """Queue a task again, exactly once, also for concurrent calls.

    Returns:
        whether it was queued by this call, not by an earlier one.

    Raises:
        LookupError: no task with this name exists.
        kombu.exceptions.OperationalError: the broker is unavailable; nothing is changed.
    """
    from config.celery import app  # noqa: PLC0415 - imports Celery, only needed to queue tasks

    current = DeadLetter.objects.select_for_update().filter(pk=deadletter.pk, replayed_at=None).first()
    if current is None:
        return False
    args, kwargs = current.call
    current.replayed_at = timezone.now()
    current.save(update_fields=["replayed_at"])
    if current.task not in app.tasks:
        # Perhaps a task of an app whose tasks are not imported yet.
        app.loader.import_default_modules()
    # An unpublished task keeps its id. A failed one gets a new id, so that its next failure is a new row.
    same_id = current.task_id if current.reason == DeadLetter.Reason.UNPUBLISHED else None
    options: dict[str, Any] = {"queue": current.queue} if current.queue else {}
    task: Any = app.tasks[current.task]
    task.publish(args, kwargs, task_id=same_id, **options)
    logger.info("dead_letter_replayed", task=current.task, child_task_id=current.task_id)
    return True


def deadletter_replay_unpublished(*, dry_run: bool = False) -> int:
    """Queue the tasks that were not queued because the broker was unavailable; return their number.

    Tasks that are unreadable or belong to another release are skipped and kept.
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
    """Delete dead letters older than two weeks, replayed or not; return their number."""
    old: QuerySet[DeadLetter] = DeadLetter.objects.filter(created_at__lt=timezone.now() - KEPT)
    return old.count() if dry_run else old.delete()[0]
