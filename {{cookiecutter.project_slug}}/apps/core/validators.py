"""Validators of uploaded files. File names and content types are untrusted."""

from __future__ import annotations

import unicodedata
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

if TYPE_CHECKING:
    from collections.abc import Collection

    from django.core.files.uploadedfile import UploadedFile

MAX_FILE_NAME = 255
# Categories of invisible characters. Joiners are allowed: emoji and several scripts need them.
UNSEEN = frozenset({"Cc", "Cf", "Co", "Cs", "Zl", "Zp"})
JOINERS = "\u200c\u200d"
# https://learn.microsoft.com/windows/win32/fileio/naming-a-file
PORTS = {f"{port}{number}" for port in ("com", "lpt") for number in "0123456789¹²³"}
DEVICES = frozenset({"aux", "con", "nul", "prn", *PORTS})


def validate_size(file: UploadedFile[Any], *, max_bytes: int) -> None:
    """Validate that the size is from 1 to `max_bytes` bytes; raises ValidationError."""
    if not file.size:
        raise ValidationError(_("The file is empty."), code="empty")
    if file.size > max_bytes:
        message = _("The file has %(size)d bytes, at most %(max)d are allowed.")
        raise ValidationError(message, code="too_large", params={"size": file.size, "max": max_bytes})


def extension_of(name: str) -> str:
    """Return the extension in lower case, without the dot."""
    return PurePosixPath(name).suffix.lstrip(".").lower()


def validate_extension(file: UploadedFile[Any], *, allowed: Collection[str]) -> None:
    """Validate that the extension is in `allowed` (lower case, no dot); raises ValidationError."""
    if extension_of(file.name or "") not in allowed:
        message = _("This file type is not allowed. Allowed types: %(allowed)s.")
        raise ValidationError(message, code="extension", params={"allowed": ", ".join(sorted(allowed))})


def validate_file_name(name: str) -> None:
    """Reject names with a path or invisible characters, and device names; raises ValidationError."""
    stem = name.partition(".")[0].strip().lower()
    wrong = (
        not name.strip(". ")
        or len(unicodedata.normalize("NFC", name)) > MAX_FILE_NAME
        or any(separator in name for separator in "/\\:")
        or any(unicodedata.category(char) in UNSEEN for char in name if char not in JOINERS)
        or stem in DEVICES
    )
    if wrong:
        message = _("The file name is a path, is too long, or contains invalid characters.")
        raise ValidationError(message, code="invalid_name")
