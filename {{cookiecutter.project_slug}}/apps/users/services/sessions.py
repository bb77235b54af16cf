"""Session services: issue, refresh and revoke tokens, check passwords."""

import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import structlog
from axes.handlers.proxy import AxesProxyHandler
from axes.models import AccessAttempt
from django.conf import settings
from django.contrib.auth import authenticate, user_logged_in, user_login_failed
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from rest_framework.request import Request
from rest_framework_simplejwt.exceptions import AuthenticationFailed, TokenError
from rest_framework_simplejwt.settings import api_settings
from rest_framework_simplejwt.utils import datetime_from_epoch

from apps.users.authentication import JWTAuthentication, account_limited
from apps.users.exceptions import (
    InvalidCredentials,
    InvalidToken,
    LockedOut,
    ReauthenticationRequired,
    WrongPassword,
)
from apps.users.models import RefreshSession, User
from apps.users.requests import UserRequest
from apps.users.selectors import session_list
from apps.users.tokens import HASH_CLAIM, LOGIN_TIME_CLAIM, SESSION_CLAIM, AccessToken, RefreshToken
from infrastructure.database.replica import replica_allowed

logger = structlog.get_logger(__name__)


@dataclass(frozen=True)
class TokenPair:
    access: str
    refresh: str


def session_start(*, request: Request, email: str, password: str) -> TokenPair:
    """Log in with a password.

    Args:
        request: the login request; failures are counted by client and email.
        email: in any form.
        password: the password of the user.

    Raises:
        InvalidCredentials: no active, verified user has this email and password.
        LockedOut: a login limit is exceeded.
    """
    user = authenticate(request, username=email, password=password)
    if getattr(request, "axes_locked_out", False):
        raise LockedOut
    if not isinstance(user, User):
        raise InvalidCredentials
    pair = session_create(user=user, device=request.META.get("HTTP_USER_AGENT", ""))
    # Updates `last_login` and resets the failures of django-axes.
    user_logged_in.send(sender=User, request=request, user=user)
    return pair


def session_create(*, user: User, device: str = "") -> TokenPair:
    """Create a session; non-printable characters are removed from the device label."""
    session = RefreshSession(
        user=user,
        current_jti=uuid4().hex,
        device="".join(filter(str.isprintable, device))[:200],
    )
    session.expires_at = _expires_at(session.created_at)
    session.save(force_insert=True)
    return _pair(session, user)


def session_refresh(*, refresh: str) -> TokenPair:
    """Exchange a refresh token for a new pair.

    Idempotent for `REFRESH_GRACE_SECONDS`: the previous token returns the same successor, for concurrent
    refreshes in two tabs and for retries after a lost response.

    Raises:
        InvalidToken: the token is not valid. On reuse, its session is revoked.
    """
    token = _read_refresh(refresh)
    user = _user_of(token)
    sessions = session_list(user=user).filter(pk=token[SESSION_CLAIM])
    # Atomic compare-and-set: exactly one of several concurrent requests rotates the token.
    rotated = sessions.filter(current_jti=token["jti"]).update(
        current_jti=uuid4().hex,
        previous_jti=token["jti"],
        last_used_at=timezone.now(),
        expires_at=_expires_at(datetime_from_epoch(token[LOGIN_TIME_CLAIM])),
    )
    session = sessions.first()
    if session and rotated:
        return _pair(session, user)
    if session and _in_grace(session, token):
        logger.info("refresh_token_repeated", session=token[SESSION_CLAIM], user_id=str(user.pk))
        return _pair(session, user)
    if sessions.update(revoked_at=timezone.now()):
        logger.warning("refresh_token_reused", session=token[SESSION_CLAIM], user_id=str(user.pk))
    raise InvalidToken


def session_end(*, user: User, refresh: str) -> None:
    """Log out: revoke the session. Its access tokens stay valid until they expire, in minutes.

    Raises:
        InvalidToken: not a valid refresh token of this user.
    """
    if not session_revoke(user=user, session_id=_read_refresh(refresh)[SESSION_CLAIM]):
        raise InvalidToken


def session_revoke(*, user: User, session_id: str) -> bool:
    """Revoke an active session; returns False if there is none."""
    return bool(session_list(user=user).filter(pk=session_id).update(revoked_at=timezone.now()))


@transaction.atomic
def session_end_all(*, user: User) -> None:
    """Log out everywhere: immediately invalidate all tokens and admin sessions of the user."""
    User.objects.filter(pk=user.pk).update(session_epoch=F("session_epoch") + 1)
    user.refresh_from_db(fields=["session_epoch"])
    user.refresh_sessions.all().delete()


def session_verify(*, token: str) -> None:
    """Check an access or a refresh token.

    Raises:
        InvalidToken: the token is not valid.
    """
    try:
        access = AccessToken(token)  # type: ignore[arg-type] # annotated as Token, accepts text
    except TokenError:
        refresh = _read_refresh(token)
        session = session_list(user=_user_of(refresh)).filter(pk=refresh[SESSION_CLAIM]).first()
        # Accept the grace period, or a thief could detect when the owner refreshes.
        if session is None or not (session.current_jti == refresh["jti"] or _in_grace(session, refresh)):
            raise InvalidToken from None
    else:
        _user_of(access)


def password_matches(*, request: Request, user: User, password: str) -> bool:
    """Check a password; a wrong password counts as a failed login.

    Call it outside of a transaction: a rollback would undo the count of failures.

    Raises:
        LockedOut: this client or the account exceeds its limit of attempts.
    """
    credentials = {"username": user.email}
    if not AxesProxyHandler.is_allowed(request, credentials) or account_limited(request, user.email):
        raise LockedOut
    if user.check_password(password):
        return True
    user_login_failed.send(sender=__name__, credentials=credentials, request=request)
    if getattr(request, "axes_locked_out", False):
        raise LockedOut
    return False


def login_confirm(*, request: UserRequest, current_password: str | None = None) -> None:
    """Require the current password, or a session that began less than `RECENT_LOGIN_SECONDS` ago.

    Raises:
        ReauthenticationRequired: no password was sent, and the login is not recent.
        WrongPassword: the current password is incorrect.
        LockedOut: this client failed too often for this account.
    """
    if current_password is not None:
        if not password_matches(request=request, user=request.user, password=current_password):
            raise WrongPassword
        return
    token = request.auth
    if not token or time.time() - token[LOGIN_TIME_CLAIM] > settings.RECENT_LOGIN_SECONDS:
        raise ReauthenticationRequired
    # Replication lag: the replica may not have the current state of the session.
    with replica_allowed(allowed=False):
        active = session_list(user=request.user).filter(pk=token[SESSION_CLAIM]).exists()
    if not active:
        raise ReauthenticationRequired


def session_purge(*, dry_run: bool = False) -> int:
    """Remove sessions whose last token has expired; returns their number."""
    expired = RefreshSession.objects.filter(expires_at__lt=timezone.now())
    return expired.count() if dry_run else expired.delete()[0]


def failure_purge(*, dry_run: bool = False) -> int:
    """Remove failed logins older than the lockout period; returns the number of rows.

    The rows contain client IP addresses, and django-axes removes them only with the next login.
    """
    old = AccessAttempt.objects.filter(attempt_time__lt=timezone.now() - settings.AXES_COOLOFF_TIME)
    return old.count() if dry_run else old.delete()[0]


def _expires_at(login_time: datetime) -> datetime:
    """Return the expiry in whole seconds, as in a token."""
    idle: datetime = timezone.now() + api_settings.REFRESH_TOKEN_LIFETIME
    return min(idle, login_time + settings.SESSION_LIFETIME).replace(microsecond=0)


def _in_grace(session: RefreshSession, token: RefreshToken) -> bool:
    """Return whether the token is the previous one of the session and was rotated just now."""
    # Absolute value: the clock of another server may be ahead.
    elapsed = abs(timezone.now() - session.last_used_at)
    in_time = elapsed < timedelta(seconds=settings.REFRESH_GRACE_SECONDS)
    return in_time and session.previous_jti == token["jti"]


def _pair(session: RefreshSession, user: User) -> TokenPair:
    """Sign the tokens of a session; the refresh token is deterministic until the next rotation."""
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
    return TokenPair(access=str(access), refresh=str(refresh))


def _read_refresh(refresh: str) -> RefreshToken:
    try:
        token = RefreshToken(refresh)  # type: ignore[arg-type] # annotated as Token, accepts text
    except TokenError as error:
        raise InvalidToken from error
    return token


def _user_of(token: Any) -> User:
    try:
        return JWTAuthentication().get_user(token)
    except AuthenticationFailed as error:
        raise InvalidToken from error
