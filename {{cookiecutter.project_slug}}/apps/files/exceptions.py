"""Errors of the files app; `apps.core.api.errors` converts them to responses."""

from django.utils.translation import gettext_lazy as _

from apps.core.exceptions import ForbiddenError, UnavailableError


class StorageUnavailable(UnavailableError):
    message = _("The file storage is temporarily unavailable.")
    code = "storage_unavailable"


class LinkNotValid(ForbiddenError):
    message = _("The link is invalid or has expired. Request a new one.")
    code = "link_not_valid"
