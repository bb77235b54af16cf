"""JSON Web Tokens of a log-in, and the single-use tokens in mails."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.core import signing
from django.utils.crypto import constant_time_compare, salted_hmac
from rest_framework_simplejwt import tokens

from apps.users.exceptions import InvalidMailToken
from apps.users.models import User

if TYPE_CHECKING:
    from django.db.models import QuerySet

SESSION_CLAIM = "session"
FAMILY_CLAIM = "family"


class AccessToken(tokens.AccessToken):
    """Good for a few minutes, for requests."""


class RefreshToken(tokens.RefreshToken):
    """Good once, for the next pair of tokens."""

    access_token_class = AccessToken


class MailToken:
    """A token that proves that somebody read a mail sent to a user.

    It carries a digest of the user's state, and using it changes that state: so it works once. The purpose is
    part of its signature: a token for one purpose is refused for another.

    Args:
        purpose: what it is for.
        max_age: how long it works.
    """

    def __init__(self, purpose: str, max_age: timedelta) -> None:
        # Only letters, digits, "-", "_" and ".": safe in a URL and in any mail client.
        self.signer = signing.TimestampSigner(sep=".", salt=f"apps.users.{purpose}")
        self.max_age = max_age

    def make(self, user: User) -> str:
        return self.signer.sign_object([str(user.pk), self._state(user)])

    def redeem(self, token: str) -> User:
        """The user it was made for, locked until the end of the transaction so that it works only once.

        Raises:
            InvalidMailToken: it was not signed here for this purpose, is too old, or was used.
        """
        try:
            user_id, state = self.signer.unsign_object(token, max_age=self.max_age)
        except signing.BadSignature as error:
            raise InvalidMailToken from error
        active_users: QuerySet[User] = User.objects.filter(is_active=True)
        user = active_users.select_for_update().filter(pk=user_id).first()
        if user is None or not constant_time_compare(state, self._state(user)):
            raise InvalidMailToken
        return user

    @staticmethod
    def _state(user: User) -> str:
        state = f"{user.get_session_auth_hash()}:{user.email}:{user.email_verified_at}"
        return salted_hmac("apps.users.mail-token", state, algorithm="sha256").hexdigest()[:32]


EMAIL_VERIFICATION = MailToken("email-verification", settings.EMAIL_VERIFICATION_TIMEOUT)
PASSWORD_RESET = MailToken("password-reset", timedelta(seconds=settings.PASSWORD_RESET_TIMEOUT))
