"""Password change, for callers that have checked the current password, and reset by an emailed token."""

from functools import partial

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from apps.users.models import User
from apps.users.selectors import user_by_email
from apps.users.services.mails import mail_user
from apps.users.services.sessions import session_end_all
from apps.users.tokens import PASSWORD_RESET
from infrastructure.background import in_background


def password_validate(*, user: User, password: str, field: str) -> None:
    """Validate a password for a user; raises ValidationError for `field` if it is too weak."""
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise ValidationError({field: error.error_list}) from error


@transaction.atomic
def password_set(*, user: User, password: str) -> None:
    """Set a password and end all sessions of the user.

    Raises:
        ValidationError: the password is too weak.
    """
    password_validate(user=user, password=password, field="new_password")
    user.set_password(password)
    user.save(update_fields=["password", "updated_at"])
    session_end_all(user=user)
    mail_user(user, "password_changed", limited=False)


def password_reset_request(*, email: str) -> None:
    """Send a password reset link if an active user has this email.

    Prevents account enumeration: the lookup is a background job, so responses and timing do not depend on it.
    """
    in_background(partial(_reset_mail, email))


@transaction.atomic
def password_reset_confirm(*, token: str, new_password: str) -> User:
    """Set a password with an emailed token, which also verifies the email.

    Raises:
        InvalidMailToken: the token is not valid.
        ValidationError: the password is too weak; the token stays valid.
    """
    user = PASSWORD_RESET.redeem(token)
    password_set(user=user, password=new_password)
    if not user.is_verified:
        user.email_verified_at = timezone.now()
        user.save(update_fields=["email_verified_at"])
    return user


def _reset_mail(email: str) -> None:
    user = user_by_email(email)
    if user and user.is_active:
        mail_user(user, "reset_password")
