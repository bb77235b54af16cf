"""Log-ins: tokens issued, renewed and ended."""

from dataclasses import dataclass
from typing import Any

import structlog
from axes.models import AccessAttempt
from django.conf import settings
from django.contrib.auth import authenticate, user_logged_in
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from rest_framework.request import Request
from rest_framework_simplejwt.exceptions import AuthenticationFailed, TokenError
from rest_framework_simplejwt.settings import api_settings
from rest_framework_simplejwt.utils import datetime_from_epoch

from apps.users.authentication import JWTAuthentication
from apps.users.exceptions import InvalidCredentials, InvalidToken, LockedOut
from apps.users.models import TokenFamily, User
from apps.users.tokens import FAMILY_CLAIM, SESSION_CLAIM, AccessToken, RefreshToken

logger = structlog.get_logger(__name__)


@dataclass(frozen=True)
class TokenPair:
    access: str
    refresh: str


def session_start(*, request: Request, email: str, password: str) -> TokenPair:
    """Log in with a password.

    Args:
        request: the one that logs in; failures are counted by its client and the address.
        email: in any case.
        password: as typed.

    Raises:
        InvalidCredentials: no active, verified user has this address and password.
        LockedOut: this client failed too often for this address.
    """
    user = authenticate(request, username=email, password=password)
    if getattr(request, "axes_locked_out", False):
        raise LockedOut
    if not isinstance(user, User):
        raise InvalidCredentials
    pair = _family_create(user)
    # Django notes the time of the last log-in, django-axes forgets the failures.
    user_logged_in.send(sender=User, request=request, user=user)
    return pair


def session_refresh(*, refresh: str) -> TokenPair:
    """Spend a refresh token for a new pair.

    Raises:
        InvalidToken: it is not good; if it was spent before, its whole family ends.
    """
    token = _read_refresh(refresh)
    user = _user_of(token)
    renewed = _token_for(user, family=token[FAMILY_CLAIM])
    # One statement compares and sets: of two requests with the same token only one can win.
    won = TokenFamily.objects.filter(
        pk=token[FAMILY_CLAIM],
        user=user,
        current_jti=token["jti"],
        revoked_at=None,
    ).update(current_jti=renewed["jti"], expires_at=datetime_from_epoch(renewed["exp"]))
    if won:
        return _pair(renewed)
    family = TokenFamily.objects.filter(pk=token[FAMILY_CLAIM], revoked_at=None)
    if family.update(revoked_at=timezone.now()):
        logger.warning("refresh_token_reused", family=token[FAMILY_CLAIM], user_id=str(user.pk))
    raise InvalidToken


def session_end(*, user: User, refresh: str) -> None:
    """Log out: no refresh token of the same log-in works any more; an access token lives on for minutes.

    Raises:
        InvalidToken: it is not a good refresh token of this user.
    """
    token = _read_refresh(refresh)
    ended = TokenFamily.objects.filter(pk=token[FAMILY_CLAIM], user=user, revoked_at=None)
    if not ended.update(revoked_at=timezone.now()):
        raise InvalidToken


@transaction.atomic
def session_end_all(*, user: User) -> None:
    """Log out everywhere: every token and every admin session of the user is dead at once."""
    User.objects.filter(pk=user.pk).update(session_epoch=F("session_epoch") + 1)
    user.refresh_from_db(fields=["session_epoch"])
    user.token_families.all().delete()


def session_verify(*, token: str) -> None:
    """Check an access or a refresh token.

    Raises:
        InvalidToken: it would be refused.
    """
    try:
        access = AccessToken(token)  # type: ignore[arg-type] # annotated as a Token, takes what was sent
    except TokenError:
        refresh = _read_refresh(token)
        _user_of(refresh)
        alive = TokenFamily.objects.filter(
            pk=refresh[FAMILY_CLAIM],
            current_jti=refresh["jti"],
            revoked_at=None,
        )
        if not alive.exists():
            raise InvalidToken from None
    else:
        _user_of(access)


def session_purge(*, dry_run: bool = False) -> int:
    """Remove what is left of log-ins whose last token has expired; returns how many."""
    expired = TokenFamily.objects.filter(expires_at__lt=timezone.now())
    return expired.count() if dry_run else expired.delete()[0]


def failure_purge(*, dry_run: bool = False) -> int:
    """Remove failed log-ins that lock nobody out any more; returns how many clients and accounts.

    They hold addresses of clients; django-axes removes them with the next log-in, whenever that is.
    """
    old = AccessAttempt.objects.filter(attempt_time__lt=timezone.now() - settings.AXES_COOLOFF_TIME)
    return old.count() if dry_run else old.delete()[0]


def _family_create(user: User) -> TokenPair:
    family = TokenFamily(user=user)
    token = _token_for(user, family=str(family.pk))
    family.current_jti = token["jti"]
    family.expires_at = datetime_from_epoch(token["exp"])
    family.save(force_insert=True)
    return _pair(token)


def _token_for(user: User, *, family: str) -> RefreshToken:
    token = RefreshToken()
    token[api_settings.USER_ID_CLAIM] = str(user.pk)
    token[SESSION_CLAIM] = user.get_session_auth_hash()
    token[FAMILY_CLAIM] = family
    return token


def _pair(token: RefreshToken) -> TokenPair:
    return TokenPair(access=str(token.access_token), refresh=str(token))


def _read_refresh(refresh: str) -> RefreshToken:
    try:
        token = RefreshToken(refresh)  # type: ignore[arg-type] # annotated as a Token, takes what was sent
    except TokenError as error:
        raise InvalidToken from error
    return token


def _user_of(token: Any) -> User:
    try:
        return JWTAuthentication().get_user(token)
    except AuthenticationFailed as error:
        raise InvalidToken from error
