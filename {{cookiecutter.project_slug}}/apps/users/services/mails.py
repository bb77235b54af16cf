from functools import partial
from typing import Any

from django.conf import settings
from django.db import transaction

from apps.core.after_response import after_response
from apps.core.mail import mail_send
from apps.users.models import User

FRONTEND_PATHS = {"verify_email": "verify-email", "reset_password": "reset-password"}


def mail_user(user: User, template: str, *, token: str = "") -> None:
    """Send a mail of `templates/users/mail/` once what it speaks of is in the database.

    Args:
        user: who gets it.
        template: the name of its folder.
        token: for mails with a link, the token in it.
    """
    context: dict[str, Any] = {"user": user}
    if token:
        context["link"] = f"{settings.FRONTEND_URL}/{FRONTEND_PATHS[template]}?token={token}"
    send = partial(mail_send, to=user.email, template=f"users/mail/{template}", context=context)
    transaction.on_commit(partial(after_response, send))
