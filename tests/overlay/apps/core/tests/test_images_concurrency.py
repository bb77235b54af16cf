"""Image decoding: one image at a time."""

from collections.abc import Callable
from functools import partial
from threading import Event, Thread
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from apps.core import images
from apps.core.exceptions import UnavailableError
from apps.core.images import image_read
from apps.core.tests.test_images import FORMATS, picture, refusal

gif, jpeg, png = picture("GIF"), picture("JPEG"), picture("PNG")


# One at a time


def reading(read: Callable[[Image.Image], Any]) -> Any:
    return image_read(SimpleUploadedFile("a.png", png), formats=FORMATS, read=read)


def test_images_are_decoded_one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images, "DECODE_WAIT_SECONDS", 0)
    started, ended = Event(), Event()

    def hold(_image: Image.Image) -> None:
        started.set()
        ended.wait(timeout=60)

    thread = Thread(target=partial(reading, hold))
    thread.start()
    try:
        assert started.wait(timeout=60)
        with pytest.raises(UnavailableError):
            reading(Image.Image.load)
        # Invalid content is rejected without waiting.
        assert refusal(b"<svg/>") == "invalid_image"
    finally:
        ended.set()
        thread.join()
    assert refusal(png) is None


@pytest.mark.parametrize("error", [OSError, ValueError, RuntimeError, KeyboardInterrupt])
def test_decoding_failure_releases_the_lock(error: type[BaseException]) -> None:
    def fail(_image: Image.Image) -> None:
        raise error

    with pytest.raises(ValidationError if issubclass(error, OSError | ValueError) else error):
        reading(fail)
    assert refusal(png) is None
