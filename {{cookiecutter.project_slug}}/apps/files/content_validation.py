"""Content validation: the whole file must match its extension.

Type detection libraries report what a file could be. These validators also reject polyglots: an image with
an executable appended, or a document that is an archive as well. Content *within* a valid file (comments,
scripts of a document) is not inspected, therefore files are never rendered inline.
"""

from __future__ import annotations

import codecs
import re
import zipfile
import zlib
from dataclasses import dataclass
from functools import partial
from shutil import copyfileobj
from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from apps.core.images import content_of, image_end, validate_image
from apps.core.validators import extension_of, validate_extension

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from django.core.files.uploadedfile import UploadedFile

CHUNK = 65_536
# Limits of an Office document, including nested archives (zip bombs).
MAX_ENTRIES = 10_000
MAX_UNPACKED = 250_000_000
# Above the first, the compression ratio is limited by the second.
UNPACKED_WITHOUT_RATIO = 10_000_000
MAX_RATIO = 200
MAX_CONTENT_TYPES = 1_000_000
# Office documents use no other method. Decoders of others raise other errors and may need gigabytes.
COMPRESSION = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})

# Signatures of executables, archives, scripts and HTML or XML pages.
OTHER_TYPE = re.compile(rb"\A\s*+(?:<|#!|%PDF|%!PS|MZ|\x7fELF|PK\x03\x04|Rar!|7z\xbc\xaf|GIF8)")
CONTROL_CHARACTERS = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f-\x84\x86-\x9f]")
PDF = re.compile(rb"%PDF-[12]\.\d")


class _ContentError(Exception):
    """Content does not match the extension, or matches another type as well."""


@dataclass(frozen=True)
class FileType:
    """Content type of an extension, and the validator of the content."""

    content_type: str
    validate: Callable[[UploadedFile[Any]], None]


def validate_content(file: UploadedFile[Any], *, allowed: Collection[str]) -> str:
    """Validate the content of an upload against its extension, and rewind it; returns the content type.

    Raises:
        ValidationError: the extension is not in `allowed`, or the content does not match it.
    """
    validate_extension(file, allowed=allowed)
    file_type = FILE_TYPES[extension_of(file.name or "")]
    try:
        file.seek(0)
        file_type.validate(file)
    except _ContentError as error:
        message = _("The file content does not match its extension.")
        raise ValidationError(message, code="content") from error
    finally:
        file.seek(0)
    return file_type.content_type


def _reject_if(wrong: bool) -> None:  # noqa: FBT001 - a condition
    if wrong:
        raise _ContentError


# Text


def _validate_text(file: UploadedFile[Any]) -> None:
    """Require UTF-8 without control characters or the signature of another type."""
    decoder = codecs.getincrementaldecoder("utf-8-sig")()
    try:
        for number, chunk in enumerate(file.chunks(CHUNK)):
            _reject_if(number == 0 and OTHER_TYPE.match(chunk.removeprefix(codecs.BOM_UTF8)) is not None)
            _reject_if(CONTROL_CHARACTERS.search(decoder.decode(chunk)) is not None)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        raise _ContentError from error


# Images


def _validate_image(file: UploadedFile[Any], *, image_format: str) -> None:
    """Require an image that Pillow can decode, without trailing data.

    JPEG files of phones have trailing data (previews, videos, vendor data); there, only known signatures are
    rejected.
    """
    validate_image(file, formats={image_format})
    content = content_of(file)
    end = image_end(content, formats={image_format})
    if image_format == "JPEG":
        _reject_if(OTHER_TYPE.match(content[end : end + CHUNK]) is not None)
    else:
        _reject_if(end != len(content))
    _reject_if(zipfile.is_zipfile(file))


# Documents


def _validate_pdf(file: UploadedFile[Any]) -> None:
    """Require the PDF header and trailer at the ends of the file; viewers tolerate data around them.

    Source: https://pdfa.org/resource/pdf-specification-archive/, ISO 32000, 7.5
    """
    content = content_of(file)
    _reject_if(PDF.match(content[:16]) is None)
    _reject_if(not content[-1024:].rstrip(b"\0\t\n\f\r ").endswith(b"%%EOF"))
    _reject_if(zipfile.is_zipfile(file))


def _validate_office(file: UploadedFile[Any], *, main_part: bytes) -> None:
    """Require an Office Open XML document without macros and with a bounded uncompressed size.

    Source: https://ecma-international.org/publications-and-standards/standards/ecma-376/
    """
    unpacked = max(UNPACKED_WITHOUT_RATIO, (file.size or 0) * MAX_RATIO)
    budget = _Budget(MAX_ENTRIES, min(MAX_UNPACKED, unpacked))
    # The directory must end with the file.
    _reject_if(content_of(file)[-22:-18] != b"PK\x05\x06")
    try:
        with zipfile.ZipFile(file) as archive:
            _check_directory(archive, budget)
            _check_nested(archive, budget)
            with archive.open("[Content_Types].xml") as part:
                content_types = part.read(MAX_CONTENT_TYPES)
    except (
        EOFError,
        LookupError,
        OSError,
        RuntimeError,
        ValueError,
        zipfile.BadZipFile,
        zlib.error,
    ) as error:
        # Damaged or unusual archives, and missing members.
        raise _ContentError from error
    _reject_if(main_part not in content_types or b"macroEnabled" in content_types)


@dataclass
class _Budget:
    """Remaining limits of an archive and its nested archives."""

    entries: int
    unpacked: int

    def take(self, infos: list[zipfile.ZipInfo]) -> None:
        self.entries -= len(infos)
        self.unpacked -= sum(info.file_size for info in infos)
        _reject_if(self.entries < 0 or self.unpacked < 0)


def _check_directory(archive: zipfile.ZipFile, budget: _Budget) -> None:
    """Check the central directory: it must cover the whole file and be unambiguous for every parser."""
    infos = archive.infolist()
    budget.take(infos)
    names = {info.filename.lower() for info in infos}
    _reject_if(len(names) != len(infos))
    _reject_if(any(_is_outside(name) or name.endswith("vbaproject.bin") for name in names))
    _reject_if(any(info.flag_bits & 1 for info in infos))
    _reject_if(min((info.header_offset for info in infos), default=1) != 0 or archive.comment != b"")


def _is_outside(name: str) -> bool:
    return name.startswith("/") or "\\" in name or ".." in name.split("/")


def _check_nested(archive: zipfile.ZipFile, budget: _Budget, *, depth: int = 1) -> None:
    """Unpack every part, so that zipfile verifies sizes and checksums; nested archives share the budget."""
    for info in archive.infolist():
        _reject_if(info.compress_type not in COMPRESSION)
        with archive.open(info) as part:
            start = part.read(4)
            if start != b"PK\x03\x04":
                while part.read(CHUNK):
                    pass
                continue
            # An embedded chart contains its spreadsheet; deeper nesting is not legitimate.
            _reject_if(depth == 0)
            with SpooledTemporaryFile(max_size=CHUNK) as copy:
                copy.write(start)
                copyfileobj(part, copy)
                with zipfile.ZipFile(copy) as nested:
                    budget.take(nested.infolist())
                    _check_nested(nested, budget, depth=depth - 1)


def _image(image_format: str) -> FileType:
    return FileType(f"image/{image_format.lower()}", partial(_validate_image, image_format=image_format))


def _office(name: str) -> FileType:
    validate = partial(_validate_office, main_part=f"{name}.main+xml".encode())
    return FileType(f"application/vnd.openxmlformats-officedocument.{name}", validate)


# Keyed by extension.
FILE_TYPES: dict[str, FileType] = {
    "csv": FileType("text/csv", _validate_text),
    "docx": _office("wordprocessingml.document"),
    "gif": _image("GIF"),
    "jpeg": _image("JPEG"),
    "jpg": _image("JPEG"),
    "pdf": FileType("application/pdf", _validate_pdf),
    "png": _image("PNG"),
    "txt": FileType("text/plain", _validate_text),
    "webp": _image("WEBP"),
    "xlsx": _office("spreadsheetml.sheet"),
}
