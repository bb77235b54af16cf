"""Single-use email tokens, which prove control of a mailbox. JSON Web Tokens are in `authentication.py`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import UUID

from django.conf import settings
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.utils.http import base36_to_int, urlsafe_base64_decode, urlsafe_base64_encode

from apps.users.exceptions import InvalidMailToken
from apps.users.models import User

if TYPE_CHECKING:
    from datetime import timedelta

    from django.db.models import QuerySet


class MailToken(PasswordResetTokenGenerator):
    """Generator of tokens `<user>.<Django's token>`; a subclass with its own `key_salt` for each purpose."""

    timeout: timedelta = settings.EMAIL_VERIFICATION_TIMEOUT

    def make(self, user: User) -> str:
        return f"{urlsafe_base64_encode(user.pk.bytes)}.{self.make_token(user)}"

    def redeem(self, text: str) -> User:
        """Return the user of a token, locked until the end of the transaction against concurrent use.

        Raises:
            InvalidMailToken: the token is malformed, of another purpose, expired, or used.
        """
        key, _, token = text.partition(".")
        active_users: QuerySet[User] = User.objects.filter(is_active=True)
        try:
            user = active_users.select_for_update().filter(pk=UUID(bytes=urlsafe_base64_decode(key))).first()
            if user and self.check_token(user, token):
                return user
        except ValueError as error:
            raise InvalidMailToken from error
        raise InvalidMailToken

    def check_token(self, user: User | None, token: str | None) -> bool:
        """Check a token; Django's limit, `PASSWORD_RESET_TIMEOUT`, applies to all purposes."""
        if not super().check_token(user, token):
            return False
        age = self._num_seconds(self._now()) - base36_to_int(str(token).partition("-")[0])
        return age <= self.timeout.total_seconds()

    def _make_hash_value(self, user: User, timestamp: int) -> str:
        """Return the state that invalidates a token when it changes."""
        state = (user.pk, user.password, user.session_epoch, user.email, user.email_verified_at, timestamp)
        return "\n".join(map(str, state))

    def _now(self) -> datetime:
        # Django's local time would change lifetimes by an hour with daylight saving time.
        return datetime.now(UTC).replace(tzinfo=None)


class EmailVerificationToken(MailToken):
    key_salt = "apps.users.email-verification"


class PasswordResetToken(MailToken):
    key_salt = "apps.users.password-reset"
    timeout = settings.PASSWORD_LINK_TIMEOUT


class EmailChangeToken(MailToken):
    """Token for the old or the new mailbox of an email change."""

    def __init__(self, mailbox: str) -> None:
        super().__init__()
        self.key_salt = f"apps.users.email-change-{mailbox}"

    def _make_hash_value(self, user: User, timestamp: int) -> str:
        return f"{super()._make_hash_value(user, timestamp)}\n{user.new_email}"


EMAIL_VERIFICATION = EmailVerificationToken()
PASSWORD_RESET = PasswordResetToken()
EMAIL_CHANGE = {mailbox: EmailChangeToken(mailbox) for mailbox in ("old", "new")}
