"""Malformed images, and images whose structure costs more than their size."""

import gc
import struct
import weakref
import zlib
from functools import partial
from threading import Event, Thread
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from apps.core import images
from apps.core.images import image_end, validate_image
from apps.core.tests.test_images import FORMATS, picture, refusal
from apps.core.tests.test_images_concurrency import reading

LARGE = 10_000_000


def png_chunk(kind: bytes, data: bytes = b"") -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def jpeg_segment(marker: int, data: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(data) + 2) + data


def inserted(content: bytes, position: int, what: bytes) -> bytes:
    """Insert bytes into an image repeatedly, up to a size of 10 MB."""
    return content[:position] + what * (LARGE // len(what)) + content[position:]


def jpeg_of_scans(number: int) -> bytes:
    """Return a JPEG that repeats its last scan `number` times."""
    content = picture("JPEG", progressive=True)
    scan = content.rindex(b"\xff\xda")
    return content[:scan] + content[scan:-2] * number + b"\xff\xd9"


gif, jpeg, png = picture("GIF"), picture("JPEG"), picture("PNG")
# After the palette.
gif_start = 13 + (3 << ((gif[10] & 7) + 1))
HOSTILE = {
    "GIF comment of short blocks": gif[:gif_start]
    + b"!\xfe"
    + b"\x01a" * (LARGE // 2)
    + b"\0"
    + gif[gif_start:],
    "GIF comment of full blocks": gif[:gif_start]
    + b"!\xfe"
    + (b"\xff" + b"a" * 255) * (LARGE // 256)
    + b"\0"
    + gif[gif_start:],
    "GIF extensions": inserted(gif, gif_start, b"!\x01\x01a\0"),
    "GIF comments without text": inserted(gif, gif_start, b"!\xfe\0"),
    "GIF image of short blocks": gif[:-2] + b"\x01\0" * (LARGE // 2) + b"\0;",
    "GIF extension without data, with blocks behind": inserted(gif, gif_start, b"!\x01\0" + b"!\xfe\x01a\0"),
    "JPEG fill bytes": inserted(jpeg, 2, b"\xff"),
    "JPEG fill bytes between segments": inserted(jpeg, jpeg.index(b"\xff\xdb"), b"\xff"),
    "JPEG other bytes": inserted(jpeg, 2, b"\0"),
    "JPEG comments": inserted(jpeg, 2, jpeg_segment(0xFE, b"")),
    "JPEG EXIF segments": inserted(jpeg, 2, jpeg_segment(0xE1, b"Exif\0\0" + b"a" * 2000)),
    "JPEG restarts that Pillow reads as bytes": inserted(jpeg, 2, jpeg_segment(0xD0, b"\0" * 60_000)),
    "JPEG ends that Pillow reads as bytes": inserted(jpeg, 2, b"\xff\xd9" + b"\0" * 60_000),
    "JPEG extensions that Pillow reads as bytes": inserted(jpeg, 2, jpeg_segment(0xF0, b"\0" * 60_000)),
    "JPEG lengths of nothing": inserted(jpeg, 2, b"\xff\xfe\0\0"),
    "JPEG scans": jpeg_of_scans(51),
    "JPEG pictures": jpeg * 500,
    "PNG empty chunks": inserted(png, 33, png_chunk(b"teSt")),
    "PNG empty data": inserted(png, png.index(b"IDAT") - 4, png_chunk(b"IDAT")),
    "PNG chunks behind the data": inserted(png, len(png) - 12, png_chunk(b"teSt")),
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE)
def test_image_with_many_parts_is_rejected_before_pillow_opens_it(
    content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def opened(*_arguments: Any, **_options: Any) -> None:
        pytest.fail("Pillow opens it.")

    monkeypatch.setattr(Image, "open", opened)
    assert refusal(content) == "invalid_image"


class Counted(bytes):
    """Bytes that count their reads."""

    looks = 0

    def __getitem__(self, key: Any) -> Any:
        self.looks += 1
        return super().__getitem__(key)


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE)
def test_image_structure_is_parsed_in_a_limited_number_of_steps(content: bytes) -> None:
    counted = Counted(content)
    with pytest.raises(ValidationError):
        image_end(counted, formats=FORMATS)
    assert counted.looks < 5 * images.MAX_PARTS


@pytest.mark.parametrize(
    "content",
    [
        picture("PNG", (300, 200), compress_level=0),
        picture("JPEG", (300, 200), comment=b"made with love", exif=Image.Exif()),
        picture("JPEG", (300, 200), progressive=True),
        picture("JPEG") * 2 + b"data of a telephone",
        picture("WEBP", (300, 200), lossless=True, icc_profile=b"a" * 1001),
        picture("GIF", (300, 200), comment=b"made with love" * 99),
        picture("GIF", save_all=True, append_images=[Image.new("RGB", (2, 2), "red")] * 200, loop=0),
        picture("WEBP", save_all=True, append_images=[Image.new("RGB", (2, 2), "red")] * 200),
        jpeg_of_scans(30),
        # Encoders may write an empty comment.
        gif[:gif_start] + b"!\xfe\0" + gif[gif_start:],
    ],
    ids=lambda content: content[:12].hex(),
)
def test_image_of_common_encoders_is_accepted(content: bytes) -> None:
    assert refusal(content) is None


@pytest.mark.parametrize("image_format", FORMATS)
def test_image_end_is_found(image_format: str) -> None:
    content = picture(image_format, (30, 20))
    assert image_end(content + b"<html>", formats=FORMATS) == len(content)


@pytest.mark.parametrize(
    "content",
    [
        b"GIF89a",
        b"<svg/>",
        b"",
        picture(size=(99, 99))[:60],
        picture("BMP"),
        b"\x89PNG\r\n\x1a\n",
        b"\xff\xd8\xff",
        b"\xff\xd8\xff\xd9",
        b"RIFF\0\0\0\0WEBPVP8 ",
    ],
)
def test_image_that_is_malformed_is_rejected(content: bytes) -> None:
    assert refusal(content) == "invalid_image"


def test_image_text_chunks_are_limited() -> None:
    text = png_chunk(b"zTXt", b"a\0\0" + zlib.compress(b"a" * 1_000_000))
    assert refusal(png[:33] + text * 5 + png[33:]) == "invalid_image"


def test_jpeg_is_decoded_at_an_eighth_of_its_size(monkeypatch: pytest.MonkeyPatch) -> None:
    file = SimpleUploadedFile("a.jpg", picture("JPEG", (800, 400)))
    sizes = []
    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", lambda image: sizes.append(image.size))
    validate_image(file, formats={"JPEG"})
    assert sizes == [(100, 50)]


# One at a time


def test_waiting_image_is_decoded_after_the_current_one() -> None:
    started, ended, decoded = Event(), Event(), Event()

    def hold(_image: Image.Image) -> None:
        started.set()
        ended.wait(timeout=60)

    threads = [
        Thread(target=partial(reading, hold)),
        Thread(target=partial(reading, lambda _image: decoded.set())),
    ]
    threads[0].start()
    assert started.wait(timeout=60)
    threads[1].start()
    assert not decoded.is_set()
    ended.set()
    assert decoded.wait(timeout=60)
    for thread in threads:
        thread.join()


def test_decoding_failure_releases_the_image_memory() -> None:
    """The error is referenced until the response is sent, while another image may be decoded."""
    seen = []

    def fail(image: Image.Image) -> None:
        image.load()
        seen.append(weakref.ref(image))
        raise OSError

    gc.disable()
    try:
        with pytest.raises(ValidationError) as error:
            reading(fail)
        assert seen[0]() is None
    finally:
        gc.enable()
    assert error.value.__cause__ is not None
