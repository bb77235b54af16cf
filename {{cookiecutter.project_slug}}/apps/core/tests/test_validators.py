from functools import partial
from io import BytesIO

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from apps.core import validators
from apps.core.validators import validate_extension, validate_image, validate_size


def picture(image_format: str = "PNG", size: tuple[int, int] = (2, 2)) -> bytes:
    buffer = BytesIO()
    Image.new("RGB", size).save(buffer, format=image_format)
    return buffer.getvalue()


def refusal(validate: partial[None]) -> str:
    """The code with which something is refused."""
    with pytest.raises(ValidationError) as error:
        validate()
    assert error.value.messages[0]
    code = error.value.code
    assert code is not None
    return code


@pytest.mark.parametrize("size", [1, 10])
def test_a_file_within_the_limit_passes(size: int) -> None:
    validate_size(SimpleUploadedFile("a.txt", b"x" * size), max_bytes=10)


def test_a_file_that_is_empty_or_too_large_is_refused() -> None:
    for content, code in {b"": "empty", b"x" * 11: "too_large"}.items():
        assert refusal(partial(validate_size, SimpleUploadedFile("a.txt", content), max_bytes=10)) == code


def test_the_size_that_is_allowed_is_told() -> None:
    with pytest.raises(ValidationError, match="has 11 bytes, at most 10 are"):
        validate_size(SimpleUploadedFile("a.txt", b"x" * 11), max_bytes=10)


@pytest.mark.parametrize("name", ["a.png", "a.PNG", "a.b.png", ".hidden.png"])
def test_a_name_that_ends_as_allowed_passes(name: str) -> None:
    validate_extension(SimpleUploadedFile(name, b"x"), allowed={"png"})


@pytest.mark.parametrize("name", ["a.exe", "a", "png", "a.png.exe", "a.png.", ".png"])
def test_a_name_that_ends_otherwise_is_refused(name: str) -> None:
    assert (
        refusal(partial(validate_extension, SimpleUploadedFile(name, b"x"), allowed={"png"})) == "extension"
    )


def test_an_image_is_known_by_its_content_and_handed_on_from_its_start() -> None:
    file = SimpleUploadedFile("claims-to-be.txt", picture("JPEG"), content_type="text/plain")
    validate_image(file, formats={"JPEG"})
    assert file.tell() == 0


@pytest.mark.parametrize(
    "content",
    [b"GIF89a", b"<svg/>", picture(size=(99, 99))[:60], picture("BMP"), b"\x89PNG\r\n\x1a\n"],
    ids=["start of GIF", "SVG", "cut", "BMP", "start of PNG"],
)
def test_what_is_no_image_of_an_allowed_format_is_refused(content: bytes) -> None:
    file = SimpleUploadedFile("a.png", content, content_type="image/png")
    assert refusal(partial(validate_image, file, formats={"PNG", "GIF"})) == "invalid_image"
    assert file.tell() == 0


@pytest.mark.parametrize("limit", ["MAX_IMAGE_PIXELS", "PIL"])
def test_an_image_with_too_many_pixels_is_refused_before_it_is_unpacked(
    monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    if limit == "PIL":
        monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 99)
    else:
        monkeypatch.setattr(validators, "MAX_IMAGE_PIXELS", 99)
    file = SimpleUploadedFile("a.png", picture(size=(10, 10)))
    assert refusal(partial(validate_image, file, formats={"PNG"})) == "too_many_pixels"
