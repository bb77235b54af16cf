"""Email change, which requires confirmation by both the old and the new email."""

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.users.exceptions import InvalidMailToken, InvalidToken
from apps.users.models import User
from apps.users.selectors import user_by_email
from apps.users.services.accounts import unverified_remove, unverified_users
from apps.users.services.mails import mail_user
from apps.users.services.sessions import session_end_all
from apps.users.tokens import EMAIL_CHANGE


@transaction.atomic
def email_change_request(*, user: User, new_email: str) -> None:
    """Email a link to both mailboxes; if the new email has an account, it gets a notice instead.

    Raises:
        ValidationError: the new email is the current email of the user.
        InvalidToken: the account was deleted concurrently.
    """
    new_email = User.objects.normalize_email(new_email)
    if new_email == user.email:
        error = ValidationError(_("This is your email already."), code="unchanged")
        raise ValidationError({"new_email": error})
    # No update if the account was deleted concurrently.
    active = User.objects.filter(pk=user.pk, is_active=True)
    if not active.update(new_email=new_email, new_email_confirmed_by=""):
        raise InvalidToken
    user.new_email = new_email
    mail_user(user, "change_email")
    owner = user_by_email(new_email)
    if owner and (owner.is_verified or not owner.is_active):
        mail_user(owner, "account_exists")
    else:
        mail_user(user, "confirm_new_email")


@transaction.atomic
def email_change_confirm(*, token: str) -> bool:
    """Confirm with the token of one mailbox; returns False until the other has confirmed.

    The change ends all sessions.

    Raises:
        InvalidMailToken: the token is not valid.
        ValidationError: another account has registered the new email.
    """
    mailbox, user = _redeem(token)
    confirmed_by, user.new_email_confirmed_by = user.new_email_confirmed_by, mailbox
    if not user.new_email or confirmed_by == mailbox:
        raise InvalidMailToken
    if confirmed_by:
        # An unverified registration must not block the owner of the mailbox.
        unverified_remove(unverified_users().filter(email=user.new_email))
        user.email, user.new_email, user.email_verified_at = user.new_email, "", timezone.now()
        session_end_all(user=user)
    try:
        user.save()
    except IntegrityError as error:
        message = _("Another account has registered this email.")
        raise ValidationError({"token": ValidationError(message, code="email_taken")}) from error
    return not user.new_email


def _redeem(token: str) -> tuple[str, User]:
    try:
        return "old", EMAIL_CHANGE["old"].redeem(token)
    except InvalidMailToken:
        return "new", EMAIL_CHANGE["new"].redeem(token)
