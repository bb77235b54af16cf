"""Updates of the index by a task; `entries_schedule` uses it in projects with Celery."""

import structlog
from django.db import InterfaceError, OperationalError
from kombu.exceptions import OperationalError as BrokerError

from apps.search.services.entries import entries_update
from config.celery import app

logger = structlog.get_logger(__name__)


@app.task(autoretry_for=(OperationalError, InterfaceError), max_retries=8, retry_backoff=5)
def entries_write(*, kind: str, keys: list[str]) -> None:
    """Write the entries of changed rows."""
    entries_update(kind=kind, keys=keys)


def entries_queue(*, kind: str, keys: list[str]) -> None:
    """Queue an update of the index."""
    try:
        entries_write.apply_async(kwargs={"kind": kind, "keys": keys}, retry=False)
    except BrokerError:
        logger.warning("task_unpublished", task=entries_write.name)
        entries_update(kind=kind, keys=keys)
