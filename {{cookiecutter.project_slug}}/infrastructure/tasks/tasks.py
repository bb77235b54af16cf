"""Tasks of this app. Each app has its own module `tasks`, see docs/celery.md."""

from __future__ import annotations

from io import StringIO
from typing import Any

import structlog
from django.conf import settings
from django.core.management import call_command
from django.utils.translation import override

from apps.core.mail import mail_build_and_send
from config.celery import app
from infrastructure.tasks.services.receipts import once

logger = structlog.get_logger(__name__)


@app.task(retry_backoff=5)
def mail_deliver(*, key: str, builder: str, data: dict[str, Any], language: str | None) -> None:
    """Build and send a mail.

    Args:
        key: idempotency key, so that the mail is not sent again.
        builder: see `apps.core.mail.mail_queue`.
        data: see `apps.core.mail.mail_queue`.
        language: language of the mail.

    Raises:
        OSError: the mail server is unreachable or rejects the mail.
    """
    with once(key) as first:
        if first:
            with override(language):
                mail_build_and_send(builder=builder, data=data)


@app.task(keeps_failures=False)
def command_run(name: str) -> None:
    """Run a management command of the schedule.

    Raises:
        ValueError: the command is not in the schedule, so a forged message cannot run it.
    """
    if not any(entry.get("args") == [name] for entry in settings.CELERY_BEAT_SCHEDULE.values()):
        raise ValueError(f"{name!r} is not in CELERY_BEAT_SCHEDULE")
    said = StringIO()
    call_command(name, stdout=said)
    logger.info("command_ended", command=name, said=said.getvalue().strip())
