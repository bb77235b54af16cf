"""Validators of uploads. A name and a content type are claims of the sender: the content decides."""

from __future__ import annotations

import warnings
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

if TYPE_CHECKING:
    from collections.abc import Collection

    from django.core.files.uploadedfile import UploadedFile

MAX_IMAGE_PIXELS = 25_000_000


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


def validate_image(file: UploadedFile[Any], *, formats: Collection[str]) -> None:
    """Raises ValidationError unless Pillow reads the content as an image of one of `formats`.

    Args:
        file: what was uploaded; it is rewound afterwards.
        formats: Pillow's names, for example `{"JPEG", "PNG"}`.
    """
    from PIL import Image  # noqa: PLC0415 - 40 ms at start-up that only uploads need

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(file, formats=tuple(formats)) as image:
                if image.width * image.height > MAX_IMAGE_PIXELS:
                    raise ValidationError(_("The image has too many pixels."), code="too_many_pixels")
                image.load()
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ValidationError(_("The image has too many pixels."), code="too_many_pixels") from error
    except (OSError, SyntaxError, ValueError) as error:
        # What Pillow raises for damaged content: https://pillow.readthedocs.io/en/stable/reference/Image.html
        raise ValidationError(_("This is not an image that can be read."), code="invalid_image") from error
    finally:
        file.seek(0)
