"""Validation of uploaded images, with limits on their structure and on the memory of decoding."""

from __future__ import annotations

import mmap
import re
import struct
from io import BytesIO
from threading import Lock
from traceback import clear_frames
from typing import TYPE_CHECKING, Any, TypeVar

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from apps.core.exceptions import UnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from django.core.files.uploadedfile import UploadedFile
    from PIL.Image import Image

T = TypeVar("T")
Content = bytes | mmap.mmap

# Decoding needs up to 8 bytes per pixel, 16 for WebP: at most 140 MB per image.
MAX_IMAGE_PIXELS = 16_000_000
MAX_WEBP_PIXELS = 7_500_000
# Pillow copies the whole comment again for each of its parts.
MAX_PARTS = 5_000
MAX_JPEG_MARKERS = 500
# Each scan decodes the whole image again. Cameras and editors write about a dozen.
MAX_JPEG_SCANS = 50
SHORT_BLOCK = 128
MAX_TEXT_BYTES = 4_000_000
# One image at a time per process, so that memory does not grow with the number of threads.
DECODE_WAIT_SECONDS = 10
_decoding = Lock()

FORMAT = re.compile(
    rb"(?P<GIF>GIF8[79]a)|(?P<JPEG>\xff\xd8\xff)|(?P<PNG>\x89PNG\r\n\x1a\n)|(?P<WEBP>RIFF.{4}WEBPVP8[ LX])",
    re.DOTALL,
)
JPEG_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
# Markers of segments with a length. Of the others, only start, end and restart markers are in use.
JPEG_SEGMENTS = frozenset({*range(0xC0, 0xF0), 0xFE} - {0xC8, *range(0xD0, 0xDA)})


def validate_image(file: UploadedFile[Any], *, formats: Collection[str]) -> None:
    """Validate that Pillow can decode the content in one of `formats`; raises ValidationError."""

    def load(image: Image) -> None:
        # Decode a JPEG at an eighth of its size; other formats have no draft mode.
        image.draft(None, (1, 1))  # keeps the mode
        image.load()

    image_read(file, formats=formats, read=load)


def image_to_webp(
    file: UploadedFile[Any], *, formats: Collection[str], max_pixels: tuple[int, int], mode: str
) -> bytes:
    """Return the first frame as WebP: upright, scaled down, and without metadata.

    Args:
        file: the upload.
        formats: allowed formats, as in Pillow.
        max_pixels: maximum width and height.
        mode: `RGB`, or `RGBA` to keep transparency.

    Raises:
        ValidationError: see `image_read`.
        UnavailableError: see `image_read`.
    """
    from PIL import ImageOps  # noqa: PLC0415 - 40 ms at start-up that only uploads need

    def thumbnail(image: Image) -> Image:
        # Scale before transposing and converting, which copy every pixel.
        image.thumbnail(max_pixels)
        return ImageOps.exif_transpose(image).convert(mode)

    buffer = BytesIO()
    image_read(file, formats=formats, read=thumbnail).save(buffer, format="WEBP", quality=85)
    return buffer.getvalue()


def image_read(file: UploadedFile[Any], *, formats: Collection[str], read: Callable[[Image], T]) -> T:
    """Open an upload as one of `formats` and call `read`, which must not return the image itself.

    Raises:
        ValidationError: the image has too many parts or pixels, or cannot be read.
        UnavailableError: decoding did not start within `DECODE_WAIT_SECONDS`.
    """
    from PIL.Image import DecompressionBombError, DecompressionBombWarning  # noqa: PLC0415 - 40 ms at start-up

    image_end(content_of(file), formats=formats)
    if not _decoding.acquire(timeout=DECODE_WAIT_SECONDS):
        raise UnavailableError
    try:
        return _decoded(file, formats, read)
    except (DecompressionBombError, DecompressionBombWarning) as error:
        raise ValidationError(_("The image has too many pixels."), code="too_many_pixels") from error
    except (EOFError, OSError, SyntaxError, TypeError, ValueError, struct.error) as error:
        # Everything that Pillow raises for corrupt content. Its frames keep references to the image.
        clear_frames(error.__traceback__)
        raise _unreadable() from error
    finally:
        _decoding.release()
        file.seek(0)


def _decoded(file: UploadedFile[Any], formats: Collection[str], read: Callable[[Image], T]) -> T:
    from PIL import Image, PngImagePlugin  # noqa: PLC0415 - 40 ms at start-up that only uploads need

    PngImagePlugin.MAX_TEXT_MEMORY = MAX_TEXT_BYTES
    with Image.open(file, formats=tuple(formats)) as image:
        if image.width * image.height > (MAX_WEBP_PIXELS if image.format == "WEBP" else MAX_IMAGE_PIXELS):
            raise ValidationError(_("The image has too many pixels."), code="too_many_pixels")
        return read(image)


def content_of(file: UploadedFile[Any]) -> Content:
    """Return the content of an upload; temporary files are memory-mapped."""
    file.seek(0)
    try:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except OSError:
        content: bytes = file.read()
        file.seek(0)
        return content


def image_end(content: Content, *, formats: Collection[str]) -> int:
    """Parse the structure of an image in a limited number of steps, and return its end position.

    Raises:
        ValidationError: the image has another format, is truncated, or has too many parts.
    """
    found = FORMAT.match(content[:16])
    image_format = str(found and found.lastgroup)
    _refuse_if(image_format not in formats)
    try:
        return _ENDS[image_format](content)
    except (IndexError, struct.error) as error:
        raise _unreadable() from error


def _unreadable() -> ValidationError:
    return ValidationError(_("The image is invalid or corrupted."), code="invalid_image")


def _refuse_if(wrong: bool) -> None:  # noqa: FBT001 - reads as a sentence
    if wrong:
        raise _unreadable()


def _png_end(content: Content) -> int:
    """Source: https://www.w3.org/TR/png-3/#5Chunk-layout"""
    position = 8
    for _number in range(MAX_PARTS):
        length, kind = struct.unpack_from(">I4s", content, position)
        position += int(length) + 12
        if kind == b"IEND":
            return position
    raise _unreadable()


def _gif_end(content: Content) -> int:
    """Source: https://www.w3.org/Graphics/GIF/spec-gif89a.txt"""
    position = 13 + _gif_colours(content[10])
    parts = 0
    while (introducer := content[position]) != 0x3B:  # noqa: PLR2004 - the trailer
        _refuse_if(introducer not in {0x21, 0x2C})
        extension = introducer == 0x21  # noqa: PLR2004
        # Except for comments, Pillow takes the bytes after an extension without data for its data.
        _refuse_if(extension and content[position + 2] == 0 and content[position + 1] != 0xFE)  # noqa: PLR2004
        # An extension has a label; an image has a descriptor, an optional color table and a code size.
        position += 2 if extension else 11 + _gif_colours(content[position + 9])
        while length := content[position]:
            position += length + 1
            # All blocks of an image are full, except for the last one.
            parts += extension or length < SHORT_BLOCK
            _refuse_if(parts > MAX_PARTS)
        position += 1
        parts += 1
        _refuse_if(parts > MAX_PARTS)
    return position + 1


def _gif_colours(flags: int) -> int:
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _webp_end(content: Content) -> int:
    """Source: https://developers.google.com/speed/webp/docs/riff_container

    No limit on parts: the decoder needs only 0.25 s for a million chunks.
    """
    return 8 + int(struct.unpack_from("<I", content, 4)[0])


def _jpeg_end(content: Content) -> int:
    """Source: https://www.w3.org/Graphics/JPEG/itu-t81.pdf, annex B"""
    position, scans = 2, 0
    for _number in range(MAX_JPEG_MARKERS):
        marker = content[position + 1]
        _refuse_if(content[position] != 0xFF)  # noqa: PLR2004 - each marker starts with it
        if marker == 0xFF:  # noqa: PLR2004 - padding
            position += 1
        elif marker == 0xD9 and scans:  # noqa: PLR2004 - the end; phones append previews
            if content[position + 2 : position + 4] != b"\xff\xd8":
                return position + 2
            position, scans = position + 4, 0
        else:
            length = int(struct.unpack_from(">H", content, position + 2)[0])
            _refuse_if(marker not in JPEG_SEGMENTS or length < 2)  # noqa: PLR2004 - size of the length field
            position += 2 + length
            if marker == 0xDA:  # noqa: PLR2004 - a scan, up to the next marker
                scans += 1
                following = JPEG_MARKER.search(content, position)
                if following is None or scans > MAX_JPEG_SCANS:
                    break
                position = following.start()
    raise _unreadable()


_ENDS = {"GIF": _gif_end, "JPEG": _jpeg_end, "PNG": _png_end, "WEBP": _webp_end}
