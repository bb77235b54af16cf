"""Who opens a socket: proved by a ticket or an access token, and true for as long as the log-in is."""

from __future__ import annotations

import secrets
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from django.core.cache import caches
from django.utils.crypto import salted_hmac
from rest_framework_simplejwt.exceptions import AuthenticationFailed, TokenError

from apps.core.routers import replica_allowed
from apps.users.authentication import JWTAuthentication
from apps.users.models import TokenFamily, User
from apps.users.tokens import FAMILY_CLAIM, AccessToken

if TYPE_CHECKING:
    from collections.abc import Collection

TICKET_SECONDS = 30
# One query names so many at most: SQLite allows no more than 32,766 in a statement, some builds 999.
CHUNK = 500


@dataclass(frozen=True)
class Session:
    """A log-in that a socket belongs to.

    Attributes:
        user_id: whose it is.
        session: what `User.get_session_auth_hash` said; another one after a log-out everywhere.
        family: the log-in that its token came from; empty for a session of the admin.
    """

    user_id: str
    session: str
    family: str


def session_of_request(user: User, token: Any) -> Session:
    """The log-in that made a request.

    Args:
        user: who made it.
        token: the access token it came with, if it came with one.
    """
    family = token.get(FAMILY_CLAIM, "") if token else ""
    return Session(user_id=str(user.pk), session=user.get_session_auth_hash(), family=family)


def session_of_token(token: str) -> Session | None:
    """The log-in of an access token, or None for one that is not good."""
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
    """The log-in that a ticket was made for, or None for one that is unknown, spent, or too old."""
    key = _key(ticket)
    kept = caches["counters"].get(key)
    # Of two who come at once, one deletes it.
    if not kept or not caches["counters"].delete(key):
        return None
    return next(iter(sessions_alive([Session(**kept)])), None)


def sessions_alive(sessions: Collection[Session]) -> set[Session]:
    """Those of the log-ins that have not ended: by log-out, a new password, deactivation or deletion."""
    found = list(sessions)
    alive: set[Session] = set()
    for start in range(0, len(found), CHUNK):
        alive |= _alive(found[start : start + CHUNK])
    return alive


def _alive(sessions: list[Session]) -> set[Session]:
    # The replica may not know yet what has ended.
    with replica_allowed(allowed=False):
        users = User.objects.filter(is_active=True).in_bulk({session.user_id for session in sessions})
        families = set(
            TokenFamily.objects.filter(
                pk__in={session.family for session in sessions if session.family},
                revoked_at=None,
            ).values_list("pk", flat=True)
        )
    hashes = {str(pk): user.get_session_auth_hash() for pk, user in users.items()}
    open_families = {str(pk) for pk in families} | {""}
    return {
        session
        for session in sessions
        if hashes.get(session.user_id) == session.session and session.family in open_families
    }


def _key(ticket: str) -> str:
    return f"ticket:{salted_hmac('apps.realtime.ticket', ticket, algorithm='sha256').hexdigest()}"
