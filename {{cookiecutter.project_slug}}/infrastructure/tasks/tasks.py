"""The tasks of this app; others have a module `tasks` of their own. docs/celery.md says how to write one."""

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
        key: of this mail: what was sent is not sent again.
        builder: see `apps.core.mail.mail_queue`.
        data: see there.
        language: to write it in.

    Raises:
        OSError: the mail server cannot be reached or refuses.
    """
    with once(key) as first:
        if first:
            with override(language):
                mail_build_and_send(builder=builder, data=data)


@app.task(keeps_failures=False)
def command_run(name: str) -> None:
    """Run a management command that the schedule names.

    Raises:
        ValueError: it does not: a message must not run any command there is.
    """
    if not any(entry.get("args") == [name] for entry in settings.CELERY_BEAT_SCHEDULE.values()):
        raise ValueError(f"{name!r} is not in CELERY_BEAT_SCHEDULE")
    said = StringIO()
    call_command(name, stdout=said)
    logger.info("command_ended", command=name, said=said.getvalue().strip())
