"""Errors of the blog; `apps.core.api.errors` converts them to responses."""

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from apps.core.exceptions import ForbiddenError


class NotAllowed(ForbiddenError):
    """The user may see the post or comment, but not do this with it."""


class WrongState(ValidationError):
    """The post is in a state in which this is not possible, perhaps since a moment ago."""

    def __init__(self) -> None:
        message = _("This is not possible in the current status of the post.")
        super().__init__({"status": ValidationError(message, code="wrong_state")})
