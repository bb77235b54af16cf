"""Mail delivery by a task (`MAIL_QUEUE` in projects with Celery)."""

import uuid
from functools import partial
from typing import Any

from django.utils.translation import get_language

from infrastructure.background import in_background


def mail_queue(*, builder: str, data: dict[str, Any]) -> None:
    """Queue a mail in the active language, without blocking the caller.

    Args:
        builder: see `apps.core.mail.mail_queue`.
        data: see `apps.core.mail.mail_queue`.
    """
    mail = {"builder": builder, "data": data, "language": get_language()}
    # The idempotency key is created here, so that it is the same for each attempt.
    in_background(partial(_deliver, key=f"mail-{uuid.uuid4()}", **mail))


def _deliver(**mail: Any) -> None:
    # Imports Celery, which takes long: in the background thread, not in the request.
    from infrastructure.tasks.base import publish  # noqa: PLC0415
    from infrastructure.tasks.tasks import mail_deliver  # noqa: PLC0415

    publish(mail_deliver, kwargs=mail)
