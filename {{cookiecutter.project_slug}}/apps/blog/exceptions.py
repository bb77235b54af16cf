"""Errors of the blog; `apps.core.api.errors` converts them to responses."""

from django.utils.translation import gettext_lazy as _

from apps.core.exceptions import ConflictError, ForbiddenError


class NotAllowed(ForbiddenError):
    """The user may see the post or comment, but not do this with it."""


class WrongState(ConflictError):
    """The post is in a state in which this is not possible, perhaps since a moment ago."""

    message = _("This is not possible in the current status of the post.")
    code = "wrong_state"
