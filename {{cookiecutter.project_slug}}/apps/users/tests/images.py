"""Images for upload tests."""

from io import BytesIO

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

ORIENTATION, ARTIST = 0x0112, 0x013B


def picture(format_name: str = "PNG", size: tuple[int, int] = (40, 20), exif: bytes = b"") -> bytes:
    buffer = BytesIO()
    Image.new("RGB", size, "red").save(buffer, format_name, **({"exif": exif} if exif else {}))
    return buffer.getvalue()


def exif_of(artist: str, orientation: int = 1) -> bytes:
    exif = Image.Exif()
    exif[ARTIST], exif[ORIENTATION] = artist, orientation
    return exif.tobytes()


def upload(content: bytes, name: str = "me.png", content_type: str = "image/png") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, content_type)
