"""Who a request comes from: passwords for the log-in, tokens for everything else."""

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext as _
from rest_framework_simplejwt import authentication
from rest_framework_simplejwt.exceptions import AuthenticationFailed
from rest_framework_simplejwt.tokens import Token

from apps.core.routers import replica_allowed
from apps.users.models import User
from apps.users.tokens import SESSION_CLAIM


class VerifiedEmailBackend(ModelBackend):
    """Lets nobody in whose address is not verified; the answer is that of a wrong password."""

    def user_can_authenticate(self, user: Any) -> bool:
        return super().user_can_authenticate(user) and user.is_verified


class JWTAuthentication(authentication.JWTAuthentication):
    """Refuses tokens that were issued before the session of their user ended."""

    def get_user(self, validated_token: Token) -> User:  # type: ignore[override] # annotated for any model
        # The replica may not know yet that the session has ended.
        with replica_allowed(allowed=False):
            user: User = super().get_user(validated_token)  # type: ignore[assignment] # ours is the only model
        claim = validated_token.get(SESSION_CLAIM, "")
        hashes = (user.get_session_auth_hash(), *user.get_session_auth_fallback_hash())
        if not any(constant_time_compare(claim, known) for known in hashes):
            raise AuthenticationFailed(_("The session of this token has ended."), code="session_ended")
        return user


def lockout_key(_request: HttpRequest | None, credentials: dict[str, Any] | None = None) -> str:
    """What failed log-ins are counted under: a digest, so that the table of failures names nobody."""
    email = str((credentials or {}).get("username") or (credentials or {}).get("email") or "")
    address = User.objects.normalize_email(email).encode(errors="replace")
    return salted_hmac("apps.users.lockout", address, algorithm="sha256").hexdigest()
