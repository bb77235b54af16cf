"""Session services: issue, refresh and revoke tokens."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import structlog
from axes.models import AccessAttempt
from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from apps.users.authentication import (
    LOGIN_TIME_CLAIM,
    SESSION_CLAIM,
    AccessToken,
    RefreshToken,
    token_read,
    token_sign,
    token_user,
)
from apps.users.exceptions import InvalidToken
from apps.users.models import RefreshSession, User
from apps.users.selectors import session_list

logger = structlog.get_logger(__name__)


@dataclass(frozen=True)
class TokenPair:
    access: str
    refresh: str


def session_create(*, user: User, device: str = "") -> TokenPair:
    """Create a session; non-printable characters are removed from the device label."""
    device = "".join(filter(str.isprintable, device))[:200]
    session = RefreshSession(user=user, current_jti=uuid4().hex, device=device)
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
    token = token_read(RefreshToken, refresh)
    user = token_user(token)
    sessions = session_list(user=user).filter(pk=token[SESSION_CLAIM])
    # Atomic compare-and-set: exactly one of several concurrent requests rotates the token.
    rotated = sessions.filter(current_jti=token["jti"]).update(
        current_jti=uuid4().hex,
        previous_jti=token["jti"],
        last_used_at=timezone.now(),
        expires_at=_expires_at(datetime.fromtimestamp(token[LOGIN_TIME_CLAIM], UTC)),
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
    if not session_revoke(user=user, session_id=token_read(RefreshToken, refresh)[SESSION_CLAIM]):
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
    with suppress(InvalidToken):
        token_user(token_read(AccessToken, token))
        return
    refresh = token_read(RefreshToken, token)
    session = session_list(user=token_user(refresh)).filter(pk=refresh[SESSION_CLAIM]).first()
    # Accept the grace period, or a thief could detect when the owner refreshes.
    if session is None or not (session.current_jti == refresh["jti"] or _in_grace(session, refresh)):
        raise InvalidToken


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
    idle: datetime = timezone.now() + RefreshToken.lifetime
    return min(idle, login_time + settings.SESSION_LIFETIME).replace(microsecond=0)


def _in_grace(session: RefreshSession, token: RefreshToken) -> bool:
    """Return whether the token is the previous one of the session and was rotated just now."""
    # Absolute value: the clock of another server may be ahead.
    elapsed = abs(timezone.now() - session.last_used_at)
    in_time = elapsed < timedelta(seconds=settings.REFRESH_GRACE_SECONDS)
    return in_time and session.previous_jti == token["jti"]


def _pair(session: RefreshSession, user: User) -> TokenPair:
    return TokenPair(*token_sign(session=session, user=user))
