"""Registration and the proof that the address is the user's.

Nobody finds out here who has an account: the answers are the same, and so is the work that they wait for.
"""

from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, transaction
from django.utils import timezone

from apps.users.models import User
from apps.users.selectors import user_by_email
from apps.users.services.mails import mail_user
from apps.users.services.passwords import password_validate
from apps.users.tokens import EMAIL_VERIFICATION, PASSWORD_RESET


def user_create(*, email: str, password: str | None = None, **fields: str) -> User:
    """Create a user whose address is not verified yet.

    Args:
        email: in any case.
        password: None for an account that is opened by a password reset.
        fields: of the profile.

    Raises:
        ValidationError: a field is not valid.
        IntegrityError: the address is taken.
    """
    user = User(email=User.objects.normalize_email(email), **fields)
    user.set_password(password)
    user.full_clean(validate_unique=False)
    user.save(force_insert=True)
    return user


@transaction.atomic
def user_register(*, email: str, password: str, **profile: str) -> None:
    """Register an address, and tell its owner by mail what happened.

    A new address gets a link that verifies it. Who registers an address again that was never verified may be
    somebody else: from then on no password counts but the one that the reader of the mailbox sets by a link.
    The owner of an account is told that somebody tried.

    Args:
        email: in any case.
        password: the one wanted.
        profile: `first_name` and `last_name`.

    Raises:
        ValidationError: the password is too weak.
    """
    password_validate(user=User(email=email, **profile), password=password, field="password")
    known = User.objects.select_for_update().filter(email=User.objects.normalize_email(email)).first()
    if known and (known.is_verified or not known.is_active):
        make_password(password)
        mail_user(known, "account_exists")
        return
    if known:
        make_password(password)
        known.set_unusable_password()
        known.save(update_fields=["password", "updated_at"])
        _mail_link(known)
        return
    try:
        with transaction.atomic():
            user = user_create(email=email, password=password, **profile)
    except IntegrityError:
        if user_by_email(email) is None:
            raise
        # The same address at the same moment: the other request has sent the mail.
        return
    _mail_link(user)


def verification_resend(*, email: str) -> None:
    """Send the link again to an address that is registered and not verified; else do nothing."""
    user = user_by_email(email)
    if user is None or user.is_verified or not user.is_active:
        return
    _mail_link(user)


@transaction.atomic
def email_verify(*, token: str) -> User:
    """Mark an address as verified, and welcome its owner.

    Raises:
        InvalidMailToken: the token is not good.
    """
    user = EMAIL_VERIFICATION.redeem(token)
    user.email_verified_at = timezone.now()
    user.save(update_fields=["email_verified_at", "updated_at"])
    mail_user(user, "welcome")
    return user


def _mail_link(user: User) -> None:
    """Send the link that verifies the address; without a password that counts, the one that also sets one."""
    if user.has_usable_password():
        mail_user(user, "verify_email", token=EMAIL_VERIFICATION.make(user))
    else:
        mail_user(user, "choose_password", token=PASSWORD_RESET.make(user))
