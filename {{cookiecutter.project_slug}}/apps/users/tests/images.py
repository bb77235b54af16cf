"""Images for upload tests."""

import struct
import zlib
from io import BytesIO

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

ORIENTATION, ARTIST = 0x0112, 0x013B


def picture(format_name: str = "PNG", size: tuple[int, int] = (40, 20), exif: bytes = b"") -> bytes:
    buffer = BytesIO()
    Image.new("RGB", size, "red").save(buffer, format_name, **({"exif": exif} if exif else {}))
    return buffer.getvalue()


def animation(format_name: str) -> bytes:
    buffer = BytesIO()
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "green", "blue")]
    frames[0].save(buffer, format_name, save_all=True, append_images=frames[1:])
    return buffer.getvalue()


def exif_of(artist: str, orientation: int = 1) -> bytes:
    exif = Image.Exif()
    exif[ARTIST], exif[ORIENTATION] = artist, orientation
    return exif.tobytes()


def bomb(side: int) -> bytes:
    """Return a small PNG that declares a size of `side` by `side` pixels (decompression bomb)."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")


def upload(content: bytes, name: str = "me.png", content_type: str = "image/png") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, content_type)
