"""Avatar uploads of all kinds."""

from io import BytesIO

import pytest
from django.urls import reverse
from PIL import Image

from apps.users.models import User
from apps.users.services.accounts import AVATAR_MAX_BYTES
from apps.users.tests.api.test_avatar import AVATAR, SVG, put, served
from apps.users.tests.helpers import fields_of, problem_of, stored_avatars
from apps.users.tests.images import animation, bomb, exif_of, picture
from conftest import Client

pytestmark = pytest.mark.usefixtures("empty_storage")


def test_avatar_is_rotated_by_exif_orientation(user_api: Client) -> None:
    put(user_api, picture("JPEG", (40, 20), exif=exif_of(artist="", orientation=6)), "me.jpg")
    with Image.open(BytesIO(served(user_api))) as image:
        assert image.size == (20, 40)


@pytest.mark.parametrize("format_name", ["GIF", "WEBP"])
def test_avatar_is_the_first_frame_of_an_animation(user_api: Client, format_name: str) -> None:
    put(user_api, animation(format_name), f"me.{format_name.lower()}")
    with Image.open(BytesIO(served(user_api))) as image:
        assert getattr(image, "n_frames", 1) == 1
        red, green, blue = image.convert("RGB").getpixel((4, 4))  # type: ignore[misc] # a triple in this mode
        assert red > green
        assert red > blue


REFUSED = {
    "too large": (picture() + b"\0" * AVATAR_MAX_BYTES, "me.png", "too_large"),
    "empty": (b"", "me.png", "empty"),
    "text": (b"not a picture", "me.png", "invalid_image"),
    "wrong extension": (picture(), "me.exe", "extension"),
    "no extension": (picture(), "me", "extension"),
    "vector graphic": (SVG, "me.svg", "extension"),
    "vector graphic in disguise": (SVG, "me.png", "invalid_image"),
    "other format in disguise": (picture("BMP"), "me.png", "invalid_image"),
    "truncated": (picture(size=(400, 400))[:200], "me.png", "invalid_image"),
    "truncated photo": (picture("JPEG", size=(400, 400))[:700], "me.jpg", "invalid_image"),
    "bomb": (bomb(5001), "me.png", "too_many_pixels"),
    "bomb that Pillow warns of": (bomb(10_000), "me.png", "too_many_pixels"),
    "bomb that Pillow refuses": (bomb(60_000), "me.png", "too_many_pixels"),
    "many empty parts": (
        picture("JPEG")[:2] + b"\xff" * 1_900_000 + picture("JPEG")[2:],
        "me.jpg",
        "invalid_image",
    ),
    "damaged EXIF": (picture("PNG", exif=b"Exif\0\0no TIFF header"), "me.png", "invalid_image"),
}


@pytest.mark.parametrize(("content", "name", "code"), REFUSED.values(), ids=REFUSED)
def test_invalid_upload_is_rejected_and_not_stored(
    user_api: Client, user: User, content: bytes, name: str, code: str
) -> None:
    response = put(user_api, content, name)
    assert fields_of(response) == {("avatar", code)}
    assert not stored_avatars()
    user.refresh_from_db()
    assert not user.avatar


def test_upload_of_maximum_size_is_accepted(user_api: Client) -> None:
    content = picture()
    assert put(user_api, content.ljust(AVATAR_MAX_BYTES, b"\0")).status_code == 200


def test_avatar_can_be_replaced_when_its_file_is_missing(user_api: Client, user: User) -> None:
    put(user_api, picture())
    user.refresh_from_db()
    user.avatar.delete(save=False)
    problem_of(user_api.get(reverse(AVATAR)), 404)
    assert put(user_api, picture()).status_code == 200
    assert len(stored_avatars()) == 1
