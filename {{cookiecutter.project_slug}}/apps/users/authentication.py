"""Authentication backends: passwords with login limits, and JSON Web Tokens."""

from datetime import timedelta
from functools import partial
from typing import Any

from axes.backends import AxesStandaloneBackend
from django.contrib.auth.backends import ModelBackend
from django.core.cache import caches
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework_simplejwt import authentication
from rest_framework_simplejwt.exceptions import AuthenticationFailed
from rest_framework_simplejwt.tokens import Token

from apps.core.api.client_ip import client_network
from apps.core.api.throttling import count
from apps.users.canonical import email_digest
from apps.users.models import User
from apps.users.services.mails import login_limit_notify
from apps.users.tokens import HASH_CLAIM
from infrastructure.background import in_background
from infrastructure.database.replica import replica_allowed

NETWORK_KNOWN_FOR = timedelta(days=90)
NOTICE_KEPT = timedelta(days=1)


class LoginLimitBackend(AxesStandaloneBackend):
    """Authentication backend that enforces login limits before the password is checked, in every view.

    Limits: attempts by client (`THROTTLE_AUTH`), failures by client and account (django-axes), and
    attempts by account from networks that are new to it (`THROTTLE_ACCOUNT`). The owner of the account can
    still log in from a network where a login or a password reset has succeeded before.
    """

    def authenticate(self, request: Any, username: str | None = None, **kwargs: Any) -> None:
        if request is not None and count("auth", f"login:{client_network(request)}"):
            refuse(request)
        super().authenticate(request, username, **kwargs)
        if account_limited(request, str(username or kwargs.get(User.USERNAME_FIELD) or "")):
            refuse(request)


def account_limited(request: HttpRequest | Request, email: str) -> bool:
    """Count an attempt with a password, unless the account has logged in from this network before.

    Returns:
        whether `THROTTLE_ACCOUNT` is exceeded. Emails that are not registered are treated the same.
    """
    if caches["counters"].get(network_key(request, email)):
        return False
    account = email_digest(email, salt="apps.users.account")
    if not count("account", account):
        return False
    today = timezone.now().date()
    if caches["counters"].add(f"login-limit-notice:{account}:{today}", 1, NOTICE_KEPT.total_seconds()):
        in_background(partial(login_limit_notify, email=email))
    return True


def refuse(request: Any) -> None:
    """Reject an attempt as django-axes does: its middleware and `session_start` respond with 429."""
    request.axes_locked_out = True
    raise PermissionDenied


def network_key(request: HttpRequest | Request, email: str) -> str:
    return f"known-network:{email_digest(email, salt=f'apps.users.network:{client_network(request)}')}"


def network_remember(request: HttpRequest | Request, email: str) -> None:
    """Exempt the network of the request from the account limit of this email."""
    caches["counters"].set(network_key(request, email), 1, NETWORK_KNOWN_FOR.total_seconds())


class VerifiedEmailBackend(ModelBackend):
    """Backend that rejects unverified users, with the same response as for a wrong password."""

    def user_can_authenticate(self, user: Any) -> bool:
        return super().user_can_authenticate(user) and user.is_verified


class JWTAuthentication(authentication.JWTAuthentication):
    """JWT authentication that rejects tokens issued before a password change or a logout everywhere."""

    def get_user(self, validated_token: Token) -> User:  # type: ignore[override] # annotated for any model
        # Replication lag: the replica may still have the old password or session epoch.
        with replica_allowed(allowed=False):
            user: User = super().get_user(validated_token)  # type: ignore[assignment] # the only user model
        claim = validated_token[HASH_CLAIM]
        hashes = (user.get_session_auth_hash(), *user.get_session_auth_fallback_hash())
        if not any(constant_time_compare(claim, known) for known in hashes):
            raise AuthenticationFailed(_("The session of this token has ended."), code="session_ended")
        return user


def lockout_key(_request: HttpRequest | None, credentials: dict[str, Any] | None = None) -> str:
    """Return the key that failed logins are counted by: a digest, so that no emails are stored."""
    email = str((credentials or {}).get("username") or (credentials or {}).get("email") or "")
    return email_digest(email, salt="apps.users.lockout")
