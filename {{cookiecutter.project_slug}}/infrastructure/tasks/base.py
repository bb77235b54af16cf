"""What every task of the project does: `@app.task` of `config.celery` makes it from this class."""

from __future__ import annotations

import time
from functools import partial
from threading import Lock
from types import TracebackType
from typing import Any

import structlog
from celery.contrib.django.task import DjangoTask
from celery.utils import uuid
from django.db import DatabaseError, InterfaceError, OperationalError, connections, transaction
from kombu.exceptions import OperationalError as BrokerError

from infrastructure.background import in_background
from infrastructure.tasks.services.deadletters import deadletter_create

HIDDEN = "…"
# Between two tries, and longer than one can take where the broker takes connections and hangs.
BROKER_PAUSE = 5.0
BROKER_TRY = 20.0

logger = structlog.get_logger(__name__)


class Task(DjangoTask[Any, Any]):
    """Retried while what it needs is away, kept when it fails for good, queued without anybody waiting.

    It may run more than once, for example when its worker is killed before it says that the task is done:
    what it does must bear that, see `infrastructure.tasks.services.receipts`.

    https://docs.celeryq.dev/en/stable/userguide/tasks.html
    """

    # What may pass by waiting: mail servers, other services and the database raise these. A bug fails at
    # once.
    autoretry_for = (OSError, OperationalError, InterfaceError)
    max_retries = 8
    retry_backoff = 2
    retry_backoff_max = 300
    retry_jitter = True
    # Off for tasks that beat calls again anyway.
    keeps_failures = True

    def delay_on_commit(self, *args: Any, **kwargs: Any) -> None:  # type: ignore[override]
        """Queue it once the transaction is committed, see `apply_async_on_commit`."""
        self.apply_async_on_commit(args, kwargs)

    def apply_async_on_commit(self, *args: Any, **options: Any) -> None:  # type: ignore[override]
        """Queue it once the transaction is committed, without the caller waiting for the broker.

        While the broker is away it is kept in the database, and queued when the broker is back.
        """
        transaction.on_commit(partial(in_background, partial(publish, self, *args, **options)))

    def apply_async(self, *args: Any, **options: Any) -> Any:
        """Monitors are shown no arguments: they may name people."""
        return super().apply_async(*args, **{"argsrepr": HIDDEN, "kwargsrepr": HIDDEN} | options)

    def retry(self, *args: Any, **options: Any) -> Any:
        """Where tasks run at once, somebody waits: the first failure is the last."""
        if self.request.is_eager and options.get("exc"):
            raise options["exc"]
        return super().retry(*args, **options)

    def keep_failure(
        self,
        *,
        task_id: str,
        exception: BaseException,
        args: list[Any],
        kwargs: dict[str, Any],
        traceback: Any = None,
        **_signal: Any,
    ) -> None:
        """Keep what failed for good; while that is not possible, run it again later."""
        if not self.keeps_failures:
            return
        try:
            deadletter_create(
                task_id=task_id,
                task=self.name,
                call=(args, kwargs),
                error=exception,
                queue=(self.request.delivery_info or {}).get("routing_key") or "",
                trace=traceback if isinstance(traceback, TracebackType) else None,
                retries=self.request.retries,
            )
        except (DatabaseError, InterfaceError):
            logger.exception("dead_letter_postponed", task=self.name)
            later = {"countdown": self.retry_backoff_max, "retries": self.max_retries}
            self.apply_async(args, kwargs, task_id=task_id, **later)
        finally:
            if self.request.id is None:
                # The process that watches over the others: they must not inherit its connection.
                connections.close_all()


class Broker:
    """Remembers for a process that the broker was away: then one at a time tries, every few seconds.

    Few threads queue what many requests want. What waited behind a try would be lost with its process.
    """

    next_try = 0.0
    _lock = Lock()

    @classmethod
    def lets_through(cls) -> bool:
        with cls._lock:
            now = time.monotonic()
            if now < cls.next_try:
                return False
            if cls.next_try:
                cls.next_try = now + BROKER_TRY
            return True

    @classmethod
    def failed(cls) -> None:
        cls.next_try = time.monotonic() + BROKER_PAUSE

    @classmethod
    def succeeded(cls) -> None:
        cls.next_try = 0.0


def publish(
    task: Task,
    args: tuple[Any, ...] = (),
    kwargs: dict[str, Any] | None = None,
    **options: Any,
) -> None:
    """Queue a task now; while the broker is away, keep it in the database until it is back."""
    options.setdefault("task_id", uuid())
    error = BrokerError("It was away a moment ago.")
    if Broker.lets_through():
        try:
            task.apply_async(args, kwargs, **options)
        except BrokerError as away:
            Broker.failed()
            error = away
        else:
            Broker.succeeded()
            return
    logger.warning("task_unpublished", task=task.name, child_task_id=options["task_id"])
    deadletter_create(
        task_id=options["task_id"],
        task=task.name,
        call=(args, kwargs or {}),
        error=error,
        queue=options.get("queue") or "",
        published=False,
    )
