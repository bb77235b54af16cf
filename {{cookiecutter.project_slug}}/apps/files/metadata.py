"""Removal of metadata from images: camera, time and GPS position.

The parts of the file that contain metadata are left out, and the image data is copied unchanged: without
loss of quality, without decoding, and with all frames of an animation. Of EXIF only the orientation is kept.
"""

from __future__ import annotations

import re
import struct
from contextlib import contextmanager
from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile

from apps.core.images import JPEG_MARKER, Content, content_of, image_read

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PIL.Image import Image

ORIENTATION = 0x0112
# Image data, JFIF (APP0), color profile (APP2), Adobe's color transform (APP14). APP1 has EXIF and XMP.
JPEG_KEPT = re.compile(rb"\xff(?:[\xc0-\xdf]|\xe0..JFIF\0|\xe2..ICC_PROFILE\0|\xee..Adobe)", re.DOTALL)
PNG_METADATA = frozenset({b"eXIf", b"iTXt", b"tEXt", b"tIME", b"zTXt"})
WEBP_METADATA = frozenset({b"EXIF", b"XMP "})
WEBP_FLAGS = 0x0C


@contextmanager
def metadata_removed(file: UploadedFile[Any], content_type: str) -> Iterator[UploadedFile[Any]]:
    """Yield a valid image without metadata; other files and images without metadata are yielded unchanged."""
    parts = _PARTS.get(content_type) if settings.FILE_STRIP_METADATA else None
    if parts is None:
        yield file
        return
    with SpooledTemporaryFile(
        max_size=settings.FILE_UPLOAD_MAX_MEMORY_SIZE, dir=settings.FILE_UPLOAD_TEMP_DIR
    ) as copy:
        for part in parts(file, content_of(file)):
            copy.write(part)
        clean: UploadedFile[Any] = UploadedFile(copy, name=file.name, size=copy.tell())
        # Only leaving out parts makes it shorter; the orientation replaces a longer part.
        yield clean if clean.size != file.size else file


def _jpeg_parts(file: UploadedFile[Any], content: Content) -> Iterator[bytes]:
    """Yield the first image; data after its end, such as previews and videos of phones, has metadata too."""

    def orientation(image: Image) -> int:
        value = image.getexif().get(ORIENTATION, 1)
        return value if value in range(1, 9) else 1

    turned = image_read(file, formats={"JPEG"}, read=orientation)
    yield content[:2]
    if turned != 1:
        tiff = struct.pack(">2sHIHHHIHHI", b"MM", 42, 8, 1, ORIENTATION, 3, 1, turned, 0, 0)
        yield struct.pack(">HH", 0xFFE1, len(tiff) + 8) + b"Exif\0\0" + tiff
    position = 2
    while (marker := content[position + 1]) != 0xD9:  # noqa: PLR2004 - the end
        if marker == 0xFF:  # noqa: PLR2004 - padding
            position += 1
            continue
        end = position + 2 + int(struct.unpack_from(">H", content, position + 2)[0])
        if marker == 0xDA:  # noqa: PLR2004 - a scan, up to the next marker
            following = JPEG_MARKER.search(content, end)
            end = following.start() if following else len(content)
        if JPEG_KEPT.match(content, position):
            yield content[position:end]
        position = end
    yield content[position : position + 2]


def _png_parts(_file: UploadedFile[Any], content: Content) -> Iterator[bytes]:
    yield content[:8]
    position = 8
    while position < len(content):
        length, kind = struct.unpack_from(">I4s", content, position)
        end = position + int(length) + 12
        if kind not in PNG_METADATA:
            yield content[position:end]
        position = end


def _webp_parts(_file: UploadedFile[Any], content: Content) -> Iterator[bytes]:
    kept = []
    position = 12
    while position < len(content):
        kind, length = struct.unpack_from("<4sI", content, position)
        end = position + 8 + int(length) + int(length) % 2
        if kind not in WEBP_METADATA:
            chunk = content[position:end]
            # The header of extended files announces metadata.
            flags = bytes([chunk[8] & ~WEBP_FLAGS]) if kind == b"VP8X" else chunk[8:9]
            kept.append(chunk[:8] + flags + chunk[9:])
        position = end
    yield struct.pack("<4sI4s", b"RIFF", 4 + sum(map(len, kept)), b"WEBP")
    yield from kept


_PARTS = {"image/jpeg": _jpeg_parts, "image/png": _png_parts, "image/webp": _webp_parts}
