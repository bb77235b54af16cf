"""Account mails, limited by mailbox. They are queued by key: links and tokens are made when one is sent."""

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

# The path of the link in the web application and the maker of its token, by template.
LINKS = {
    "change_email": ("change-email", EMAIL_CHANGE["old"]),
    "choose_password": ("reset-password", PASSWORD_RESET),
    "confirm_new_email": ("change-email", EMAIL_CHANGE["new"]),
    "reset_password": ("reset-password", PASSWORD_RESET),
    "verify_email": ("verify-email", EMAIL_VERIFICATION),
}

logger = structlog.get_logger(__name__)


def mail_user(user: User, template: str, *, limited: bool = True) -> None:
    """Send a mail of `templates/users/mail/` once the current transaction is committed.

    Args:
        user: the recipient.
        template: the name of its folder.
        limited: whether the mail counts towards `THROTTLE_MAILBOX`, beyond which it is dropped silently.
            False is only for notices that the public cannot cause.
    """
    mailbox = _mailbox(user, template)
    # Notices have a count of their own, so that they cannot use up the mails with a link.
    if limited and count("mailbox", mailbox if template in LINKS else f"notices:{mailbox}"):
        logger.warning("mailbox_limited", template=template, user_id=str(user.pk))
        return
    mail = partial(mail_queue, "users.account", user_id=str(user.pk), template=template, mailbox=mailbox)
    transaction.on_commit(mail)


def account_mail(*, user_id: str, template: str, mailbox: str) -> Mail | None:
    """Build a mail of `mail_user`; None if the account has another mailbox by now."""
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
    return Mail(to=_recipient(user, template), template=f"users/mail/{template}", context=context)


BUILDERS["users.account"] = account_mail


def _recipient(user: User, template: str) -> str:
    return user.new_email if template == "confirm_new_email" else user.email


def _mailbox(user: User, template: str) -> str:
    """A digest of the recipient, to count and compare mailboxes by."""
    return email_digest(_recipient(user, template), salt="apps.users.mailbox")


def login_limit_notify(*, email: str) -> None:
    """Log that an account is under attack, and tell its owner; a background job of the login."""
    user = user_by_email(email)
    logger.warning("login_account_limited", user_id=str(user.pk) if user else None)
    if user and user.is_active and user.is_verified:
        mail_user(user, "login_limited", limited=False)
