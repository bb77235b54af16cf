"""Account emails with a rate limit per mailbox. Links and tokens are generated on sending, not queued."""

from functools import partial

import structlog
from django.conf import settings
from django.db import transaction

from apps.core.api.throttling import count
from apps.core.mail import BUILDERS, Mail, mail_queue
from apps.users.canonical import email_digest
from apps.users.models import User
from apps.users.selectors import user_by_email
from apps.users.tokens import EMAIL_CHANGE, EMAIL_VERIFICATION, PASSWORD_RESET

# Path in the web application and token generator of each template with a link.
LINKS = {
    "change_email": ("change-email", EMAIL_CHANGE["old"]),
    "choose_password": ("reset-password", PASSWORD_RESET),
    "confirm_new_email": ("change-email", EMAIL_CHANGE["new"]),
    "reset_password": ("reset-password", PASSWORD_RESET),
    "verify_email": ("verify-email", EMAIL_VERIFICATION),
}

logger = structlog.get_logger(__name__)


def mail_user(user: User, template: str, *, limited: bool = True) -> None:
    """Send an email from `templates/users/mail/` after the commit of the current transaction.

    Args:
        user: the recipient.
        template: the name of the template.
        limited: whether the email counts towards `THROTTLE_MAILBOX`, beyond which it is dropped and logged.
            Use False only for notices that unauthenticated requests cannot trigger.
    """
    mailbox = _mailbox(user, template)
    # Notices have a separate counter, so that they cannot use up the limit of emails with a link.
    if limited and count("mailbox", mailbox if template in LINKS else f"notices:{mailbox}"):
        logger.warning("mailbox_limited", template=template, user_id=str(user.pk))
        return
    mail = partial(mail_queue, "users.account", user_id=str(user.pk), template=template, mailbox=mailbox)
    transaction.on_commit(mail)


def account_mail(*, user_id: str, template: str, mailbox: str) -> Mail | None:
    """Build an email for `mail_user`; None if the email of the account has changed since."""
    user = User.objects.filter(pk=user_id, deleted_at=None).first()
    if user is None or _mailbox(user, template) != mailbox:
        return None
    if template == "verify_email" and not user.has_usable_password():
        # The link must also set a password.
        template = "choose_password"
    context = {}
    if template in LINKS:
        path, tokens = LINKS[template]
        context["link"] = f"{settings.FRONTEND_URL}/{path}?token={tokens.make(user)}"
    to = _recipient(user, template)
    return Mail(to, f"users/mail/{template}", context, language=user.language, time_zone=user.timezone)


BUILDERS["users.account"] = account_mail


def _recipient(user: User, template: str) -> str:
    return user.new_email if template == "confirm_new_email" else user.email


def _mailbox(user: User, template: str) -> str:
    """Return a digest of the recipient, to count and compare mailboxes."""
    return email_digest(_recipient(user, template), salt="apps.users.mailbox")


def login_limit_notify(*, email: str) -> None:
    """Log that the account limit is exceeded and notify the owner (background job of a login)."""
    user = user_by_email(email)
    logger.warning("login_account_limited", user_id=str(user.pk) if user else None)
    if user and user.is_active and user.is_verified:
        mail_user(user, "login_limited", limited=False)
