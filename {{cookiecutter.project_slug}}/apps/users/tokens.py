"""JSON Web Tokens of a log-in, and the single-use tokens in mails."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core import signing
from django.utils.crypto import constant_time_compare, salted_hmac
from rest_framework_simplejwt import tokens
from rest_framework_simplejwt.backends import TokenBackend
from rest_framework_simplejwt.exceptions import TokenBackendError
from rest_framework_simplejwt.settings import api_settings

from apps.users.exceptions import InvalidMailToken
from apps.users.models import User

if TYPE_CHECKING:
    from django.db.models import QuerySet

SESSION_CLAIM = "session"
FAMILY_CLAIM = "family"


@cache
def _backend(key: str) -> TokenBackend:
    return TokenBackend(api_settings.ALGORITHM, key)


class KeyRing(TokenBackend):
    """Signs with `SECRET_KEY` and believes what was signed with it, or with one of `SECRET_KEY_FALLBACKS`."""

    def encode(self, payload: dict[str, Any]) -> str:
        return _backend(settings.SECRET_KEY).encode(payload)

    def decode(self, token: tokens.Token, verify: bool = True) -> dict[str, Any]:  # noqa: FBT001, FBT002
        for key in settings.SECRET_KEY_FALLBACKS:
            with suppress(TokenBackendError):
                return _backend(key).decode(token, verify)
        return _backend(settings.SECRET_KEY).decode(token, verify)


KEY_RING = KeyRing(api_settings.ALGORITHM)


class AccessToken(tokens.AccessToken):
    """Good for a few minutes, for requests."""

    def get_token_backend(self) -> TokenBackend:
        return KEY_RING


class RefreshToken(tokens.RefreshToken):
    """Good once, for the next pair of tokens."""

    access_token_class = AccessToken

    def get_token_backend(self) -> TokenBackend:
        return KEY_RING


class MailToken:
    """A token that proves that somebody read a mail sent to a user.

    It carries a digest of the user's state, and using it changes that state: so it works once. The purpose is
    part of its signature: a token for one purpose is refused for another.

    Args:
        purpose: what it is for.
        max_age: how long it works.
    """

    def __init__(self, purpose: str, max_age: timedelta) -> None:
        self.salt = f"apps.users.{purpose}"
        self.max_age = max_age

    @property
    def signer(self) -> signing.TimestampSigner:
        # Only letters, digits, "-", "_" and ".": safe in a URL and in any mail client.
        return signing.TimestampSigner(sep=".", salt=self.salt)

    def make(self, user: User) -> str:
        return self.signer.sign_object([str(user.pk), self._state(user, settings.SECRET_KEY)])

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
        keys = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
        if user is None or not any(constant_time_compare(state, self._state(user, key)) for key in keys):
            raise InvalidMailToken
        return user

    @staticmethod
    def _state(user: User, key: str) -> str:
        state = f"{user.session_hash(key)}:{user.email}:{user.email_verified_at}"
        digest = salted_hmac("apps.users.mail-token", state, secret=key, algorithm="sha256")
        return digest.hexdigest()[:32]


EMAIL_VERIFICATION = MailToken("email-verification", settings.EMAIL_VERIFICATION_TIMEOUT)
PASSWORD_RESET = MailToken("password-reset", timedelta(seconds=settings.PASSWORD_RESET_TIMEOUT))
