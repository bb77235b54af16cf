from functools import partial

from django.conf import settings
from django.db import transaction

from apps.core.mail import mail_queue
from apps.users.models import User

FRONTEND_PATHS = {
    "choose_password": "reset-password",
    "reset_password": "reset-password",
    "verify_email": "verify-email",
}


def mail_user(user: User, template: str, *, token: str = "") -> None:
    """Send a mail of `templates/users/mail/` once what it speaks of is in the database.

    Args:
        user: who gets it.
        template: the name of its folder.
        token: for mails with a link, the token in it.
    """
    link = f"{settings.FRONTEND_URL}/{FRONTEND_PATHS[template]}?token={token}" if token else ""
    queue = partial(mail_queue, to=user.email, template=f"users/mail/{template}", context={"link": link})
    transaction.on_commit(queue)
