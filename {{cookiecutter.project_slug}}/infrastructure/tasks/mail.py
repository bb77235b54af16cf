"""Mails by a task: what `MAIL_QUEUE` names when there are tasks."""

import uuid
from functools import partial
from typing import Any

from django.utils.translation import get_language

from infrastructure.background import in_background


def mail_queue(*, builder: str, data: dict[str, Any]) -> None:
    """Queue one mail without the caller waiting; it is written in the language of the caller.

    Args:
        builder: see `apps.core.mail.mail_queue`.
        data: see there.
    """
    mail = {"builder": builder, "data": data, "language": get_language()}
    # The key is made once, here: it stays the same however often the mail is queued or tried.
    in_background(partial(_deliver, key=f"mail-{uuid.uuid4()}", **mail))


def _deliver(**mail: Any) -> None:
    # Celery, imported where nobody waits for it.
    from infrastructure.tasks.base import publish  # noqa: PLC0415
    from infrastructure.tasks.tasks import mail_deliver  # noqa: PLC0415

    publish(mail_deliver, kwargs=mail)
