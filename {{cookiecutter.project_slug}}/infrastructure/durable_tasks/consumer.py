"""Consumer that stores unknown tasks as dead letters and discards invalid messages.

Celery logs such messages in full, with the emails and links in them, and drops them.
https://docs.celeryq.dev/en/stable/userguide/extending.html
"""

from __future__ import annotations

import time
from typing import Any

import structlog
from celery import signals
from celery.exceptions import NotRegistered
from celery.worker import consumer
from django.db import InterfaceError, OperationalError, connections

from infrastructure.durable_tasks.services.deadletters import deadletter_create

RETRY_INTERVAL = 1.0

logger = structlog.get_logger(__name__)


class Consumer(consumer.Consumer):
    """Component of the worker that receives messages from the broker."""

    connection_errors: tuple[type[BaseException], ...]

    def on_unknown_task(self, body: Any, message: Any, exc: Exception) -> None:
        """Store a task of a newer or older release as a dead letter, which can be replayed later."""
        task_id, name = message.headers["id"], message.headers["task"]
        try:
            args, kwargs, _embedded = message.payload
            deadletter_create(
                task_id=task_id,
                task=name,
                call=(args, kwargs),
                error=NotRegistered(name),
                queue=message.delivery_info.get("routing_key") or "",
                retries=message.headers.get("retries") or 0,
            )
        except (OperationalError, InterfaceError):
            logger.exception("dead_letter_postponed", task=name)
            # The message is redelivered immediately.
            time.sleep(RETRY_INTERVAL)
            message.reject_log_error(logger, self.connection_errors, requeue=True)
        except Exception as error:  # noqa: BLE001 - the payload is untrusted
            self._discard(message, error)
        else:
            message.ack_log_error(logger, self.connection_errors)
            signals.task_unknown.send(sender=self, message=message, exc=exc, name=name, id=task_id)
        finally:
            # Pool processes are forked from this one and must not inherit its connection.
            connections.close_all()

    def on_unknown_message(self, body: Any, message: Any) -> None:
        self._discard(message, None)

    def on_invalid_task(self, body: Any, message: Any, exc: Exception) -> None:
        self._discard(message, exc)

    def on_decode_error(self, message: Any, exc: Exception) -> None:
        self._discard(message, exc)

    def _discard(self, message: Any, error: Exception | None) -> None:
        logger.error("message_unreadable", error=type(error).__name__, size=len(message.body))
        message.reject_log_error(logger, self.connection_errors)
