"""Base class of all tasks (`TASK_CLASS`), and publishing with a circuit breaker."""

from __future__ import annotations

import time
from functools import partial
from threading import Lock
from types import TracebackType
from typing import Any

import structlog
from celery.contrib.django.task import DjangoTask
from celery.signals import task_failure
from celery.utils import uuid
from django.db import DatabaseError, InterfaceError, OperationalError, connections, transaction
from kombu.exceptions import OperationalError as BrokerError

from infrastructure.background import in_background
from infrastructure.durable_tasks.services.deadletters import deadletter_create
from infrastructure.durable_tasks.services.idempotency_keys import run_once

HIDDEN = "…"
# Pause after a failure, and longest duration of an attempt (the broker accepts connections but hangs).
BROKER_RETRY_INTERVAL = 5.0
BROKER_TRY = 20.0

logger = structlog.get_logger(__name__)


class Task(DjangoTask[Any, Any]):
    """Base class of tasks: retries with backoff, dead letters, publishing without blocking the caller.

    Tasks must be idempotent: a task runs again if its worker is killed before it acknowledges the message.
    See `infrastructure.durable_tasks.services.idempotency_keys`.

    https://docs.celeryq.dev/en/stable/userguide/tasks.html
    """

    # Temporary errors of mail servers, other services and the database. Other exceptions are not retried.
    autoretry_for = (OSError, OperationalError, InterfaceError)
    max_retries = 8
    retry_backoff = 2
    retry_backoff_max = 300
    retry_jitter = True
    # Off for tasks that beat will queue again anyway.
    keeps_failures = True
    # Wrap the task in `run_once()` with its task id as the key, for tasks that do not call it themselves.
    runs_once = False

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the task."""
        if self.request.called_directly:
            return super().__call__(*args, **kwargs)
        if not self.runs_once:
            return self.run(*args, **kwargs)
        with run_once(f"task-{self.request.id}") as first:
            return self.run(*args, **kwargs) if first else None

    def delay_on_commit(self, *args: Any, **kwargs: Any) -> None:  # type: ignore[override]
        """Queue the task after the transaction commits, without blocking the caller."""
        self.apply_async_on_commit(args, kwargs)

    def apply_async_on_commit(self, *args: Any, **options: Any) -> None:  # type: ignore[override]
        """Queue the task after the transaction commits, without blocking the caller."""
        transaction.on_commit(partial(in_background, partial(self.apply_async, *args, **options)))

    def apply_async(self, args: Any = None, kwargs: Any = None, **options: Any) -> Any:  # type: ignore[override]
        """Queue the task; while the broker is unavailable, store it in the database to be queued later."""
        options["task_id"] = options.get("task_id") or uuid()
        error = BrokerError("The broker was unavailable a moment ago.")
        if Broker.lets_through():
            try:
                result = self.publish(args, kwargs, **options)
            except BrokerError as unavailable:
                Broker.failed()
                error = unavailable
            else:
                Broker.succeeded()
                return result
        logger.warning("task_unpublished", task=self.name, child_task_id=options["task_id"])
        deadletter_create(
            task_id=options["task_id"],
            task=self.name,
            call=(args or (), kwargs or {}),
            error=error,
            queue=options.get("queue") or "",
            retries=options.get("retries") or 0,
            published=False,
        )
        return self.AsyncResult(options["task_id"])

    def publish(self, args: Any, kwargs: Any, **options: Any) -> Any:
        """Queue the task; hide its arguments from monitors, as they may contain personal data.

        Raises:
            kombu.exceptions.OperationalError: the broker is unavailable.
        """
        return super().apply_async(args, kwargs, **{"argsrepr": HIDDEN, "kwargsrepr": HIDDEN} | options)

    def retry(self, *args: Any, **options: Any) -> Any:
        """Retry the task, but not in eager mode, where the caller would wait."""
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
        """Store a dead letter for the failed task; if the database is unavailable, queue the task again."""
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
                # In the main process of the worker: its forks must not inherit the connection.
                connections.close_all()


@task_failure.connect
def keep_failure(sender: Task, **kwargs: Any) -> None:
    """Store the failure of a task: an exception, a time limit, or a lost process."""
    sender.keep_failure(**kwargs)


class Broker:
    """Circuit breaker per process: while the broker is unavailable, one thread tries it every few seconds.

    The thread pool is small, and jobs that wait there are lost if the process is killed.
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
        cls.next_try = time.monotonic() + BROKER_RETRY_INTERVAL

    @classmethod
    def succeeded(cls) -> None:
        cls.next_try = 0.0
