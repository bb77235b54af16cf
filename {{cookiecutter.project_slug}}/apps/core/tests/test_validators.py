from functools import partial

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile

from apps.core.validators import validate_extension, validate_size


def refusal(validate: partial[None]) -> str:
    """Return the error code of a validator."""
    with pytest.raises(ValidationError) as error:
        validate()
    assert error.value.messages[0]
    code = error.value.code
    assert code is not None
    return code


@pytest.mark.parametrize("size", [1, 10])
def test_file_within_the_size_limit_is_valid(size: int) -> None:
    validate_size(SimpleUploadedFile("a.txt", b"x" * size), max_bytes=10)


def test_empty_or_too_large_file_is_rejected() -> None:
    for content, code in {b"": "empty", b"x" * 11: "too_large"}.items():
        assert refusal(partial(validate_size, SimpleUploadedFile("a.txt", content), max_bytes=10)) == code


def test_size_error_names_the_limit() -> None:
    with pytest.raises(ValidationError, match="has 11 bytes, at most 10 are"):
        validate_size(SimpleUploadedFile("a.txt", b"x" * 11), max_bytes=10)


@pytest.mark.parametrize("name", ["a.png", "a.PNG", "a.b.png", ".hidden.png"])
def test_allowed_extension_is_valid(name: str) -> None:
    validate_extension(SimpleUploadedFile(name, b"x"), allowed={"png"})


@pytest.mark.parametrize("name", ["a.exe", "a", "png", "a.png.exe", "a.png.", ".png"])
def test_other_extension_is_rejected(name: str) -> None:
    assert (
        refusal(partial(validate_extension, SimpleUploadedFile(name, b"x"), allowed={"png"})) == "extension"
    )
