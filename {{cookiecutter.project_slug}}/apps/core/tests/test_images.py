from io import BytesIO
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from apps.core import images
from apps.core.images import validate_image

FORMATS = ("GIF", "JPEG", "PNG", "WEBP")


def picture(image_format: str = "PNG", size: tuple[int, int] = (2, 2), **options: Any) -> bytes:
    buffer = BytesIO()
    Image.new("RGB", size).save(buffer, image_format, **options)
    return buffer.getvalue()


def refusal(content: bytes) -> str | None:
    """Return the error code of `validate_image` for a content, or None if it is valid."""
    file = SimpleUploadedFile("a.png", content)
    try:
        validate_image(file, formats=FORMATS)
    except ValidationError as error:
        return error.code
    finally:
        assert file.tell() == 0
    return None


def test_image_format_is_detected_by_content_and_file_is_rewound() -> None:
    file = SimpleUploadedFile("claims-to-be.txt", picture("JPEG"), content_type="text/plain")
    file.seek(7)
    validate_image(file, formats={"JPEG"})
    assert file.tell() == 0


def test_image_of_other_format_is_rejected() -> None:
    with pytest.raises(ValidationError):
        validate_image(SimpleUploadedFile("a.png", picture("JPEG")), formats={"PNG"})


@pytest.mark.parametrize(
    ("image_format", "limit"), [("PNG", "MAX_IMAGE_PIXELS"), ("WEBP", "MAX_WEBP_PIXELS"), ("PNG", "PIL")]
)
def test_image_with_too_many_pixels_is_rejected(
    monkeypatch: pytest.MonkeyPatch, image_format: str, limit: str
) -> None:
    if limit == "PIL":
        monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 99)
    else:
        monkeypatch.setattr(images, limit, 99)
    assert refusal(picture(image_format, (10, 10))) == "too_many_pixels"
