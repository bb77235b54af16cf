"""Errors of the files app; `apps.core.api.errors` converts them to responses."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from apps.core.exceptions import ConflictError, ForbiddenError, NotFoundError, UnavailableError


class StorageUnavailable(UnavailableError):
    message = _("The file storage is temporarily unavailable.")
    code = "storage_unavailable"


class BlobNotFound(NotFoundError):
    """The storage does not have the content of a row."""


class LinkNotValid(ForbiddenError):
    message = _("The link is invalid or has expired. Request a new one.")
    code = "link_not_valid"


class WrongOffset(ConflictError):
    """The chunk does not begin where the previous one ended, or exceeds the size of the upload."""

    message = _("Request the offset of the upload, and continue there.")
    code = "wrong_offset"


class UploadBusy(ConflictError):
    """Another request completes the upload."""

    message = _("Another request completes this upload.")
    code = "upload_busy"


class UploadIncomplete(ConflictError):
    """The content has not been uploaded, or not to its end."""

    message = _("The content has not been uploaded completely.")
    code = "upload_incomplete"


class FileNotAvailable(ForbiddenError):
    message = _("The file has not been scanned for malware yet, or contains malware.")
    code = "file_not_available"


class ScanFailed(UnavailableError):
    """The virus scanner is unavailable, or could not scan the file."""


def invalid(field: str, message: str, code: str, **params: Any) -> ValidationError:
    """Return the error of a field; `params` are those of the message."""
    return ValidationError({field: ValidationError(message, code=code, params=params)})


@contextmanager
def errors_of(field: str) -> Iterator[None]:
    """Raise validation errors as those of a field."""
    try:
        yield
    except ValidationError as error:
        raise ValidationError({field: error.error_list}) from error
