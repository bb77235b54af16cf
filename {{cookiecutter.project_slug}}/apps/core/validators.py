"""Validators of uploads. A name and a content type are claims of the sender: the content decides."""

from __future__ import annotations

import struct
import unicodedata
from contextlib import contextmanager
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from django.core.files.uploadedfile import UploadedFile
    from PIL.Image import Image

# Four bytes each while it is drawn: 64 MB.
MAX_IMAGE_PIXELS = 16_000_000
MAX_FILE_NAME = 255
# Characters that are not seen. Those that join others belong to emoji and to several scripts.
UNSEEN = frozenset({"Cc", "Cf", "Co", "Cs", "Zl", "Zp"})
JOINERS = "\u200c\u200d"
# https://learn.microsoft.com/windows/win32/fileio/naming-a-file
PORTS = {f"{port}{number}" for port in ("com", "lpt") for number in "0123456789¹²³"}
DEVICES = frozenset({"aux", "con", "nul", "prn", *PORTS})


def validate_size(file: UploadedFile[Any], *, max_bytes: int) -> None:
    """Raises ValidationError unless the file has at least one byte and at most `max_bytes`."""
    if not file.size:
        raise ValidationError(_("The file is empty."), code="empty")
    if file.size > max_bytes:
        message = _("The file has %(size)d bytes, at most %(max)d are allowed.")
        raise ValidationError(message, code="too_large", params={"size": file.size, "max": max_bytes})


def validate_extension(file: UploadedFile[Any], *, allowed: Collection[str]) -> None:
    """Raises ValidationError unless the name ends as one of `allowed` (lower case, without the dot)."""
    extension = PurePosixPath(file.name or "").suffix.lstrip(".").lower()
    if extension not in allowed:
        message = _("Files of this kind are not allowed, only: %(allowed)s.")
        raise ValidationError(message, code="extension", params={"allowed": ", ".join(sorted(allowed))})


def validate_file_name(name: str) -> None:
    """Raises ValidationError unless a name is one on every system: no path, nothing unseen, no device."""
    stem = name.partition(".")[0].strip().lower()
    wrong = (
        not name.strip(". ")
        or len(unicodedata.normalize("NFC", name)) > MAX_FILE_NAME
        or any(separator in name for separator in "/\\:")
        or any(unicodedata.category(char) in UNSEEN for char in name if char not in JOINERS)
        or stem in DEVICES
    )
    if wrong:
        message = _("The name of the file is a path, is too long, or has characters that are not allowed.")
        raise ValidationError(message, code="invalid_name")


def validate_image(file: UploadedFile[Any], *, formats: Collection[str]) -> None:
    """Raises ValidationError unless Pillow reads the content as an image of one of `formats`."""
    with image_opened(file, formats=formats) as image:
        image.load()


@contextmanager
def image_opened(file: UploadedFile[Any], *, formats: Collection[str]) -> Iterator[Image]:
    """Open an upload as an image; what the block does to it may fail too.

    Args:
        file: what was uploaded; it is rewound afterwards.
        formats: Pillow's names, for example `{"JPEG", "PNG"}`; no other decoder is tried.

    Raises:
        ValidationError: it has too many pixels, or cannot be read.
    """
    from PIL import Image  # noqa: PLC0415 - 40 ms at start-up that only uploads need

    try:
        with Image.open(file, formats=tuple(formats)) as image:
            if image.width * image.height > MAX_IMAGE_PIXELS:
                raise ValidationError(_("The image has too many pixels."), code="too_many_pixels")
            yield image
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ValidationError(_("The image has too many pixels."), code="too_many_pixels") from error
    except (OSError, SyntaxError, TypeError, ValueError, struct.error) as error:
        # All that Pillow raises for damaged content, a damaged EXIF block included.
        raise ValidationError(_("This is not an image that can be read."), code="invalid_image") from error
    finally:
        file.seek(0)
