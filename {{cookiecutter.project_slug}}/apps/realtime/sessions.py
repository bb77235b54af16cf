"""Authentication of sockets by ticket or access token, and validity of their sessions."""

from __future__ import annotations

import secrets
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from django.core.cache import caches
from django.utils import timezone
from django.utils.crypto import salted_hmac

from apps.users.authentication import SESSION_CLAIM, AccessToken, token_read, token_user
from apps.users.exceptions import InvalidToken
from apps.users.models import RefreshSession, User
from infrastructure.database.replica import replica_allowed

if TYPE_CHECKING:
    from collections.abc import Collection

TICKET_SECONDS = 30


@dataclass(frozen=True)
class Session:
    """Session that a socket belongs to.

    Attributes:
        user_id: the owner.
        auth_hash: `User.get_session_auth_hash`, which changes with a logout everywhere.
        session_id: the `RefreshSession` of its token; empty for a session of the admin.
    """

    user_id: str
    auth_hash: str
    session_id: str


def session_of_request(user: User, token: Any) -> Session:
    """Return the session of a request.

    Args:
        user: the user of the request.
        token: its access token, if it has one.
    """
    session_id = token[SESSION_CLAIM] if token else ""
    return Session(user_id=str(user.pk), auth_hash=user.get_session_auth_hash(), session_id=session_id)


def session_of_token(token: str) -> Session | None:
    """Return the session of an access token, or None if the token is not valid."""
    try:
        claims = token_read(AccessToken, token)
        user = token_user(claims)
    except InvalidToken:
        return None
    return next(iter(sessions_alive([session_of_request(user, claims)])), None)


def ticket_create(session: Session) -> str:
    """Create a single-use ticket that expires after `TICKET_SECONDS`; only its digest is stored."""
    ticket = secrets.token_urlsafe(32)
    caches["counters"].set(_key(ticket), asdict(session), timeout=TICKET_SECONDS)
    return ticket


def ticket_redeem(ticket: str) -> Session | None:
    """Redeem a ticket: return its session, or None if it is unknown, used or expired."""
    key = _key(ticket)
    kept = caches["counters"].get(key)
    # Of concurrent requests, only one succeeds in deleting the key.
    if not kept or not caches["counters"].delete(key):
        return None
    return next(iter(sessions_alive([Session(**kept)])), None)


def sessions_alive(sessions: Collection[Session]) -> set[Session]:
    """Return the sessions that were not ended by logout, expiry, new password, deactivation or deletion."""
    # A replica may lag behind and still list ended sessions.
    with replica_allowed(allowed=False):
        users = User.objects.filter(is_active=True).in_bulk({session.user_id for session in sessions})
        active = RefreshSession.objects.filter(revoked_at=None, expires_at__gt=timezone.now()).in_bulk(
            {session.session_id for session in sessions if session.session_id}
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
