"""Email delivery by a task; `mail_queue` is the `MAIL_QUEUE` of projects with Celery."""

from functools import partial
from typing import Any

import structlog
from django.db import InterfaceError, OperationalError
from django.utils.translation import get_language, override
from kombu.exceptions import OperationalError as BrokerError

from apps.core.mail import mail_build_and_send
from config.celery import app
from infrastructure.background import in_background

logger = structlog.get_logger(__name__)


@app.task(
    autoretry_for=(OSError, OperationalError, InterfaceError),
    max_retries=8,
    retry_backoff=5,
    retry_backoff_max=300,
)
def mail_deliver(*, builder: str, data: dict[str, Any], language: str | None) -> None:
    """Build and send an email.

    Args:
        builder: see `apps.core.mail.mail_queue`.
        data: see `apps.core.mail.mail_queue`.
        language: language of the email.

    Raises:
        OSError: the mail server is unavailable or rejects the email.
    """
    with override(language):
        mail_build_and_send(builder=builder, data=data)


def mail_queue(*, builder: str, data: dict[str, Any]) -> None:
    """Queue an email in the active language, without blocking the caller.

    Args:
        builder: see `apps.core.mail.mail_queue`.
        data: see `apps.core.mail.mail_queue`.
    """
    in_background(partial(_publish, builder=builder, data=data, language=get_language()))


def _publish(**mail: Any) -> None:
    try:
        mail_deliver.apply_async(kwargs=mail, retry=False)
    except BrokerError:
        # Sent here, in the background thread, without retries.
        logger.warning("task_unpublished", task=mail_deliver.name)
        mail_deliver(**mail)
