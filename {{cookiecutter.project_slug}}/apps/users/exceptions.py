"""Errors of account services; `apps.core.api.errors` converts them to responses."""

from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from apps.core.exceptions import AuthenticationError, ForbiddenError, LimitError


class InvalidCredentials(AuthenticationError):
    message = _("No active account matches this email and password.")
    code = "invalid_credentials"


class InvalidToken(AuthenticationError):
    message = _("The token is invalid, used or expired.")
    code = "token_not_valid"


class LockedOut(LimitError):
    message = _("Too many failed attempts.")
    code = "locked_out"

    def __init__(self) -> None:
        self.wait = settings.AXES_COOLOFF_TIME.total_seconds()


class ReauthenticationRequired(ForbiddenError):
    message = _("Send your current password, or log in again.")
    code = "reauthentication_required"


class WrongPassword(ValidationError):
    """The given password is not the password of the account."""

    def __init__(self, field: str = "current_password", message: Any = None) -> None:
        message = message or _("The current password is incorrect.")
        super().__init__({field: ValidationError(message, code="wrong_password")})


class InvalidMailToken(ValidationError):
    """The emailed token is malformed, was used, or has expired."""

    def __init__(self) -> None:
        message = _("The link is invalid, used or expired. Request a new one.")
        super().__init__({"token": ValidationError(message, code="token_not_valid")})
