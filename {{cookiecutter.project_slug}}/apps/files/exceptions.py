"""Errors of the files app; `apps.core.api.errors` converts them to responses."""

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from apps.core.exceptions import ForbiddenError, UnavailableError


class StorageUnavailable(UnavailableError):
    message = _("The file storage is temporarily unavailable.")
    code = "storage_unavailable"


class LinkNotValid(ForbiddenError):
    message = _("The link is invalid or has expired. Request a new one.")
    code = "link_not_valid"


class WrongOffset(ValidationError):
    """The chunk does not begin where the previous one ended, or exceeds the size of the upload."""

    def __init__(self) -> None:
        message = _("Request the offset of the upload, and continue there.")
        super().__init__({"offset": ValidationError(message, code="offset")})


class UploadBusy(ValidationError):
    """Another request completes the upload."""

    def __init__(self) -> None:
        super().__init__(_("Another request completes this upload."), code="busy")


class UploadIncomplete(ValidationError):
    """The content has not been uploaded, or not to its end."""

    def __init__(self) -> None:
        super().__init__(_("The content has not been uploaded completely."), code="incomplete")


class FileNotAvailable(ForbiddenError):
    message = _("The file has not been scanned for malware yet, or contains malware.")
    code = "file_not_available"


class ScanFailed(UnavailableError):
    """The virus scanner is unavailable, or could not scan the file."""
