"""JSON Web Tokens of sessions. No other module imports Simple JWT, so that it can be replaced here."""

from __future__ import annotations

import re
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from django.conf import settings
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.plumbing import build_bearer_security_scheme_object
from rest_framework.request import Request
from rest_framework_simplejwt import authentication, tokens
from rest_framework_simplejwt.backends import TokenBackend
from rest_framework_simplejwt.exceptions import AuthenticationFailed, TokenBackendError, TokenError
from rest_framework_simplejwt.settings import api_settings

from apps.users.exceptions import InvalidToken
from infrastructure.database.replica import replica_allowed

if TYPE_CHECKING:
    from datetime import timedelta

    from apps.users.models import RefreshSession, User

T = TypeVar("T", bound="SessionToken")

SESSION_CLAIM = "sid"
HASH_CLAIM = "hash"
LOGIN_TIME_CLAIM = "auth_time"
TIME_CLAIMS = ("exp", "iat", LOGIN_TIME_CLAIM)
# The year 2286, in seconds.
LAST_TIME = 10**10
UUID_TEXT = re.compile("[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}")
TEXT_CLAIMS = {
    **dict.fromkeys([api_settings.USER_ID_CLAIM, SESSION_CLAIM, "jti"], UUID_TEXT),
    HASH_CLAIM: re.compile("[0-9a-f]{64}"),
}


class UserRequest(Request):
    """Type annotation for the request of an authenticated user."""

    user: User
    auth: AccessToken | None


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
        texts = ((form, self.get(name)) for name, form in TEXT_CLAIMS.items())
        times = map(self.get, TIME_CLAIMS)
        if not (
            all(isinstance(value, str) and form.fullmatch(value) for form, value in texts)
            and all(type(value) is int and 0 <= value < LAST_TIME for value in times)
        ):
            raise TokenError("Token is invalid")
        super().verify()


class AccessToken(SessionToken, tokens.AccessToken):
    """Short-lived token that authenticates requests."""


class RefreshToken(SessionToken, tokens.RefreshToken):  # type: ignore[misc] # its bases disagree on `for_user`
    """Single-use token for the next token pair."""

    access_token_class = AccessToken


class JWTAuthentication(authentication.JWTAuthentication):
    """JWT authentication that rejects tokens issued before a password change or a logout everywhere."""

    def get_user(self, validated_token: tokens.Token) -> User:  # type: ignore[override] # annotated for any model
        # Replication lag: the replica may still have the old password or session epoch.
        with replica_allowed(allowed=False):
            user: User = super().get_user(validated_token)  # type: ignore[assignment] # the only user model
        claim = validated_token[HASH_CLAIM]
        hashes = (user.get_session_auth_hash(), *user.get_session_auth_fallback_hash())
        if not any(constant_time_compare(claim, known) for known in hashes):
            raise AuthenticationFailed(_("The session of this token has ended."), code="session_ended")
        return user


class JWTScheme(OpenApiAuthenticationExtension):
    """OpenAPI security scheme of `JWTAuthentication`."""

    target_class = JWTAuthentication
    name = "jwt"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        return build_bearer_security_scheme_object("HTTP_AUTHORIZATION", "Bearer", "JWT")


def token_sign(*, session: RefreshSession, user: User) -> tuple[str, str]:
    """Return an access and a refresh token; the refresh token is deterministic until the next rotation."""
    refresh = RefreshToken()
    refresh.payload |= {
        "jti": session.current_jti,
        "iat": int(session.last_used_at.timestamp()),
        "exp": int(session.expires_at.timestamp()),
        api_settings.USER_ID_CLAIM: str(user.pk),
        HASH_CLAIM: user.get_session_auth_hash(),
        SESSION_CLAIM: str(session.pk),
        LOGIN_TIME_CLAIM: int(session.created_at.timestamp()),
    }
    access = refresh.access_token
    access["exp"] = min(access["exp"], refresh["exp"])
    return str(access), str(refresh)


def token_read(kind: type[T], text: str) -> T:
    """Return a token with a valid signature, type and lifetime; raises InvalidToken."""
    try:
        return kind(text)  # type: ignore[arg-type] # annotated as Token, accepts text
    except TokenError as error:
        raise InvalidToken from error


def token_user(token: SessionToken) -> User:
    """Return the active user of a token, unless all sessions were ended since; raises InvalidToken."""
    try:
        return JWTAuthentication().get_user(token)
    except AuthenticationFailed as error:
        raise InvalidToken from error
