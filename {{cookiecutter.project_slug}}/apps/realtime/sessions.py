"""Sessions of sockets: authenticated by a ticket or an access token, valid as long as the session is."""

from __future__ import annotations

import secrets
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from django.core.cache import caches
from django.utils import timezone
from django.utils.crypto import salted_hmac
from rest_framework_simplejwt.exceptions import AuthenticationFailed, TokenError

from apps.users.authentication import JWTAuthentication
from apps.users.models import RefreshSession, User
from apps.users.tokens import SESSION_CLAIM, AccessToken
from infrastructure.database.replica import replica_allowed

if TYPE_CHECKING:
    from collections.abc import Collection

TICKET_SECONDS = 30
# One query names so many at most: SQLite allows no more than 32,766 in a statement, some builds 999.
CHUNK = 500


@dataclass(frozen=True)
class Session:
    """The session that a socket belongs to.

    Attributes:
        user_id: the owner.
        auth_hash: `User.get_session_auth_hash`, which changes with a logout everywhere.
        session_id: the `RefreshSession` of its token; empty for a session of the admin.
    """

    user_id: str
    auth_hash: str
    session_id: str


def session_of_request(user: User, token: Any) -> Session:
    """The session that made a request.

    Args:
        user: the user of the request.
        token: its access token, if it has one.
    """
    session_id = token[SESSION_CLAIM] if token else ""
    return Session(user_id=str(user.pk), auth_hash=user.get_session_auth_hash(), session_id=session_id)


def session_of_token(token: str) -> Session | None:
    """The session of an access token, or None if the token is not valid."""
    try:
        claims = AccessToken(token)  # type: ignore[arg-type] # annotated as a Token, takes what was sent
        user = JWTAuthentication().get_user(claims)
    except (TokenError, AuthenticationFailed):
        return None
    return next(iter(sessions_alive([session_of_request(user, claims)])), None)


def ticket_create(session: Session) -> str:
    """A text that opens one socket within `TICKET_SECONDS`; only a digest of it is kept."""
    ticket = secrets.token_urlsafe(32)
    caches["counters"].set(_key(ticket), asdict(session), timeout=TICKET_SECONDS)
    return ticket


def ticket_redeem(ticket: str) -> Session | None:
    """The session that a ticket was made for, or None if it is unknown, was used, or has expired."""
    key = _key(ticket)
    kept = caches["counters"].get(key)
    # Of two who come at once, one deletes it.
    if not kept or not caches["counters"].delete(key):
        return None
    return next(iter(sessions_alive([Session(**kept)])), None)


def sessions_alive(sessions: Collection[Session]) -> set[Session]:
    """The sessions that have not ended: by logout, expiry, a new password, deactivation or deletion."""
    found = list(sessions)
    alive: set[Session] = set()
    for start in range(0, len(found), CHUNK):
        alive |= _alive(found[start : start + CHUNK])
    return alive


def _alive(sessions: list[Session]) -> set[Session]:
    # The replica may not know yet what has ended.
    with replica_allowed(allowed=False):
        users = User.objects.filter(is_active=True).in_bulk({session.user_id for session in sessions})
        active = set(
            RefreshSession.objects.filter(
                pk__in={session.session_id for session in sessions if session.session_id},
                revoked_at=None,
                expires_at__gt=timezone.now(),
            ).values_list("pk", flat=True)
        )
    hashes = {str(pk): user.get_session_auth_hash() for pk, user in users.items()}
    active_ids = {str(pk) for pk in active} | {""}
    return {
        session
        for session in sessions
        if hashes.get(session.user_id) == session.auth_hash and session.session_id in active_ids
    }


def _key(ticket: str) -> str:
    return f"ticket:{salted_hmac('apps.realtime.ticket', ticket, algorithm='sha256').hexdigest()}"
