"""Task that processes files; `file_process_queue` is the `FILE_QUEUE` of projects with Celery."""

from functools import partial
from uuid import UUID

import structlog
from django.db import InterfaceError, OperationalError
from kombu.exceptions import OperationalError as BrokerError

from apps.core.exceptions import UnavailableError
from apps.files.services import processing
from config.celery import app
from infrastructure.background import in_background

logger = structlog.get_logger(__name__)


@app.task(
    autoretry_for=(OSError, OperationalError, InterfaceError, UnavailableError),
    max_retries=8,
    retry_backoff=5,
    retry_backoff_max=300,
)
def file_process(key: str) -> None:
    """Process a file; a second run does nothing."""
    processing.file_process(UUID(key))


def file_process_queue(pk: UUID) -> None:
    """Queue a file, without blocking the caller."""
    in_background(partial(_publish, str(pk)))


def _publish(key: str) -> None:
    try:
        file_process.apply_async(args=(key,), retry=False)
    except BrokerError:
        # `process_files` processes it later.
        logger.warning("task_unpublished", task=file_process.name)
