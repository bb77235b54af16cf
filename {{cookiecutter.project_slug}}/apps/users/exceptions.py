"""Errors of the accounts API."""

from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied, Throttled, ValidationError


class InvalidCredentials(AuthenticationFailed):
    default_detail = _("No active account matches this email and password.")
    default_code = "invalid_credentials"


class InvalidToken(AuthenticationFailed):
    default_detail = _("The token is invalid, used or expired.")
    default_code = "token_not_valid"


class LockedOut(Throttled):
    default_detail = _("Too many failed attempts.")
    default_code = "locked_out"

    def __init__(self) -> None:
        super().__init__(wait=settings.AXES_COOLOFF_TIME.total_seconds())


class ReauthenticationRequired(PermissionDenied):
    default_detail = _("Send your current password, or log in again.")
    default_code = "reauthentication_required"


class WrongPassword(ValidationError):  # noqa: N818 - named as the others of the API
    """The given password is not the password of the account."""

    def __init__(self, field: str = "current_password", message: Any = None) -> None:
        message = message or _("The current password is incorrect.")
        super().__init__({field: [message]}, code="wrong_password")


class InvalidMailToken(ValidationError):  # noqa: N818 - named as the others of the API
    """The emailed token was used, has expired or has no valid signature."""

    def __init__(self) -> None:
        message = _("The link is invalid, used or expired. Request a new one.")
        super().__init__({"token": [message]}, code="token_not_valid")
