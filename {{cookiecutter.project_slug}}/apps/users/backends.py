"""Login with a password: Django's authentication backends, with limits on failed logins."""

from datetime import timedelta
from functools import partial
from typing import Any

import structlog
from axes.backends import AxesStandaloneBackend
from axes.handlers.proxy import AxesProxyHandler
from axes.signals import user_locked_out
from django.contrib.auth import authenticate, user_logged_in, user_login_failed
from django.contrib.auth.backends import ModelBackend
from django.core.cache import caches
from django.core.exceptions import PermissionDenied
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone
from rest_framework.request import Request

from apps.core.api.client_ip import client_network
from apps.core.api.throttling import count
from apps.users.canonical import email_digest
from apps.users.exceptions import InvalidCredentials, LockedOut, WrongPassword
from apps.users.models import User
from apps.users.services.mails import login_limit_notify
from infrastructure.background import in_background

NETWORK_KNOWN_FOR = timedelta(days=90)
NOTICE_KEPT = timedelta(days=1)

logger = structlog.get_logger(__name__)


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


class VerifiedEmailBackend(ModelBackend):
    """Backend that rejects unverified users, with the same response as for a wrong password."""

    def user_can_authenticate(self, user: Any) -> bool:
        return super().user_can_authenticate(user) and user.is_verified


def credentials_check(request: Request, *, email: str, password: str) -> User:
    """Return the user with this email, in any form, and password; failures count by client and email.

    Raises:
        InvalidCredentials: no active, verified user has this email and password.
        LockedOut: a login limit is exceeded.
    """
    user = authenticate(request, username=email, password=password)
    if getattr(request, "axes_locked_out", False):
        raise LockedOut
    if not isinstance(user, User):
        raise InvalidCredentials
    return user


def password_check(
    request: Request, *, user: User, password: str, field: str = "current_password", message: Any = None
) -> None:
    """Require the password of a user; a wrong password counts as a failed login.

    Call it outside of a transaction: a rollback would undo the count of failures.

    Raises:
        WrongPassword: the password is incorrect; reported for this field, with this message.
        LockedOut: this client or the account exceeds its limit of attempts.
    """
    credentials = {"username": user.email}
    if not AxesProxyHandler.is_allowed(request, credentials) or account_limited(request, user.email):
        raise LockedOut
    if user.check_password(password):
        return
    user_login_failed.send(sender=__name__, credentials=credentials, request=request)
    if getattr(request, "axes_locked_out", False):
        raise LockedOut
    raise WrongPassword(field, message)


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
    """Reject an attempt as django-axes does: its middleware and `credentials_check` respond with 429."""
    request.axes_locked_out = True
    raise PermissionDenied


def network_key(request: HttpRequest | Request, email: str) -> str:
    return f"known-network:{email_digest(email, salt=f'apps.users.network:{client_network(request)}')}"


def network_remember(request: HttpRequest | Request, email: str) -> None:
    """Exempt the network of the request from the account limit of this email."""
    caches["counters"].set(network_key(request, email), 1, NETWORK_KNOWN_FOR.total_seconds())


@receiver(user_logged_in)
def login_network_remember(request: HttpRequest | None, user: User, **_kwargs: Any) -> None:
    """Exempt the network of a successful login from the account limit."""
    if request is not None:
        network_remember(request, user.email)


@receiver(user_locked_out)
def lockout_log(**_kwargs: Any) -> None:
    """Log a lockout without personal data; the table of django-axes has the details."""
    logger.warning("login_locked_out")
