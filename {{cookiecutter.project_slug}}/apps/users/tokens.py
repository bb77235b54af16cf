"""JSON Web Tokens of sessions, and single-use email tokens."""

from __future__ import annotations

import re
import zlib
from contextlib import suppress
from datetime import timedelta
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core import signing
from django.utils.crypto import constant_time_compare, salted_hmac
from rest_framework_simplejwt import tokens
from rest_framework_simplejwt.backends import TokenBackend
from rest_framework_simplejwt.exceptions import TokenBackendError, TokenError
from rest_framework_simplejwt.settings import api_settings

from apps.users.exceptions import InvalidMailToken
from apps.users.models import User

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.db.models import QuerySet

SESSION_CLAIM = "sid"
HASH_CLAIM = "hash"
LOGIN_TIME_CLAIM = "auth_time"
UUID_TEXT = re.compile("[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}")
SHA256_TEXT = re.compile("[0-9a-f]{64}")
STATE_TEXT = re.compile("[0-9a-f]{32}")
# The year 2286, in seconds.
LAST_TIME = 10**10


def _is_text(pattern: re.Pattern[str], value: Any) -> bool:
    return isinstance(value, str) and pattern.fullmatch(value) is not None


def _is_time(value: Any) -> bool:
    return type(value) is int and 0 <= value < LAST_TIME


CLAIMS: dict[str, Callable[[Any], bool]] = {
    **dict.fromkeys([api_settings.USER_ID_CLAIM, SESSION_CLAIM, "jti"], partial(_is_text, UUID_TEXT)),
    **dict.fromkeys(["exp", "iat", LOGIN_TIME_CLAIM], _is_time),
    HASH_CLAIM: partial(_is_text, SHA256_TEXT),
}


@cache
def _backend(key: str, audience: str | None, issuer: str | None, leeway: int) -> TokenBackend:
    return TokenBackend(api_settings.ALGORITHM, key, audience=audience, issuer=issuer, leeway=leeway)


class KeyRing(TokenBackend):
    """Token backend that signs with `SECRET_KEY` and also verifies with `SECRET_KEY_FALLBACKS`."""

    def encode(self, payload: dict[str, Any]) -> str:
        return self._of(settings.SECRET_KEY).encode(payload)

    def decode(self, token: tokens.Token, verify: bool = True) -> dict[str, Any]:  # noqa: FBT001, FBT002
        try:
            for key in settings.SECRET_KEY_FALLBACKS:
                with suppress(TokenBackendError):
                    return self._of(key).decode(token, verify)
            return self._of(settings.SECRET_KEY).decode(token, verify)
        except (ArithmeticError, RecursionError, TypeError, ValueError) as error:
            raise TokenBackendError("Token is invalid") from error

    def get_leeway(self) -> timedelta:
        return self._of(settings.SECRET_KEY).get_leeway()

    @staticmethod
    def _of(key: str) -> TokenBackend:
        options = settings.SIMPLE_JWT
        return _backend(key, options["AUDIENCE"], options["ISSUER"], options["LEEWAY"])


KEY_RING = KeyRing(api_settings.ALGORITHM)


class SessionToken(tokens.Token):
    """Token that validates the types of its claims before they are used in queries."""

    def get_token_backend(self) -> TokenBackend:
        return KEY_RING

    def verify(self) -> None:
        if not all(is_valid(self.get(name)) for name, is_valid in CLAIMS.items()):
            raise TokenError("Token is invalid")
        super().verify()


class AccessToken(SessionToken, tokens.AccessToken):
    """Short-lived token that authenticates requests."""


class RefreshToken(SessionToken, tokens.RefreshToken):  # type: ignore[misc] # its bases disagree on `for_user`
    """Single-use token for the next token pair."""

    access_token_class = AccessToken


class MailToken:
    """Generator of single-use email tokens, which prove control of a mailbox.

    A token contains a digest of the user's state, which its use changes. The purpose is the salt of the
    signature, so that a token for one purpose is not valid for another.

    Args:
        purpose: for example `password-reset`.
        max_age: the lifetime of a token.
        fields: fields of the user; a change of one invalidates the token.
    """

    def __init__(self, purpose: str, max_age: timedelta, *fields: str) -> None:
        self.salt = f"apps.users.{purpose}"
        self.max_age = max_age
        self.fields = fields

    @property
    def signer(self) -> signing.TimestampSigner:
        # Only letters, digits, "-", "_" and ".": safe in URLs and in every mail client.
        return signing.TimestampSigner(sep=".", salt=self.salt)

    def make(self, user: User) -> str:
        return self.signer.sign_object([str(user.pk), self._state(user, settings.SECRET_KEY)])

    def redeem(self, token: str) -> User:
        """Return the user of a token, locked until the end of the transaction against concurrent use.

        Raises:
            InvalidMailToken: the token has no valid signature for this purpose, has expired, or was used.
        """
        try:
            user_id, state = self.signer.unsign_object(token, max_age=self.max_age)
        except (signing.BadSignature, RecursionError, TypeError, ValueError, zlib.error) as error:
            raise InvalidMailToken from error
        if not (_is_text(UUID_TEXT, user_id) and _is_text(STATE_TEXT, state)):
            raise InvalidMailToken
        active_users: QuerySet[User] = User.objects.filter(is_active=True)
        user = active_users.select_for_update().filter(pk=user_id).first()
        keys = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
        if user is None or not any(constant_time_compare(state, self._state(user, key)) for key in keys):
            raise InvalidMailToken
        return user

    def _state(self, user: User, key: str) -> str:
        values = [getattr(user, name) for name in ("email", "email_verified_at", *self.fields)]
        state = ":".join(map(str, [user.session_hash(key), *values]))
        digest = salted_hmac("apps.users.mail-token", state, secret=key, algorithm="sha256")
        return digest.hexdigest()[:32]


EMAIL_VERIFICATION = MailToken("email-verification", settings.EMAIL_VERIFICATION_TIMEOUT)
PASSWORD_RESET = MailToken("password-reset", timedelta(seconds=settings.PASSWORD_RESET_TIMEOUT))
# Keyed by recipient: the old or the new mailbox.
EMAIL_CHANGE = {
    mailbox: MailToken(f"email-change-{mailbox}", settings.EMAIL_VERIFICATION_TIMEOUT, "new_email")
    for mailbox in ("old", "new")
}
