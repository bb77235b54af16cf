"""Registration and email verification.

Prevents account enumeration: background jobs look up whether an email is registered, so responses and timing
do not depend on it.
"""

from functools import partial

from django.db import transaction
from django.utils import timezone
from django.utils.translation import get_language

from apps.users.canonical import canonical_email
from apps.users.models import User
from apps.users.selectors import user_by_email
from apps.users.services.mails import mail_user
from apps.users.services.passwords import password_validate
from apps.users.tokens import EMAIL_VERIFICATION
from infrastructure.background import in_background


def user_register(*, email: str, password: str, **profile: str) -> None:
    """Register an email and send its owner an email with the result.

    A new email gets a verification link. Registering an unverified email again, possibly by another person,
    makes the password unusable: the emailed link then sets a new one. The owner of a verified account is
    notified of the attempt.

    Args:
        email: in any form.
        password: the new password.
        profile: `first_name`, `last_name`, `language` (by default the active one) and `timezone`.

    Raises:
        ValidationError: a field is not valid, or the password is too weak.
    """
    user = User(email=canonical_email(email), **{"language": get_language() or "", **profile})
    password_validate(user=user, password=password, field="password")
    user.set_password(password)
    user.full_clean(validate_unique=False)
    # One upsert in both cases, so that timing does not depend on whether the email is registered.
    User.objects.bulk_create([user], update_conflicts=True, unique_fields=["email"], update_fields=["email"])
    transaction.on_commit(partial(in_background, partial(_register_mail, user)))


def verification_resend(*, email: str) -> None:
    """Resend the verification link in a background job, if the email is registered and unverified."""
    in_background(partial(_resend, email))


@transaction.atomic
def verification_user(*, token: str) -> User:
    """Return the user of an emailed token, which stays valid; raises InvalidMailToken."""
    return EMAIL_VERIFICATION.redeem(token)


@transaction.atomic
def email_verify(*, token: str) -> None:
    """Verify an email with its token. Check the password before, which a stranger may have chosen.

    Raises:
        InvalidMailToken: the token is not valid, or the password was changed since the check.
    """
    user = EMAIL_VERIFICATION.redeem(token)
    user.email_verified_at = timezone.now()
    user.save(update_fields=["email_verified_at", "updated_at"])
    mail_user(user, "welcome", limited=False)


@transaction.atomic
def _register_mail(user: User) -> None:
    known = User.objects.select_for_update().filter(email=user.email).first()
    if known is None:
        return
    again = known.pk != user.pk
    if again and (known.is_verified or not known.is_active):
        mail_user(known, "account_exists")
        return
    # Only once: it invalidates sent links, and `THROTTLE_MAILBOX` may drop the next email.
    if again and known.has_usable_password():
        known.set_unusable_password()
        known.save(update_fields=["password", "updated_at"])
    mail_user(known, "verify_email")


def _resend(email: str) -> None:
    user = user_by_email(email)
    if user and user.is_active and not user.is_verified:
        mail_user(user, "verify_email")
