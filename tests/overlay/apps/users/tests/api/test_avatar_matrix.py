"""Avatar uploads of all kinds."""

import struct
import zlib
from io import BytesIO

import pytest
from django.urls import reverse
from PIL import Image

from apps.core import images
from apps.users.models import User
from apps.users.services.accounts import AVATAR_MAX_BYTES
from apps.users.tests.api.test_avatar import AVATAR, put, served
from apps.users.tests.helpers import fields_of, problem_of, stored_avatars
from apps.users.tests.images import exif_of, picture
from conftest import Client

SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'

pytestmark = pytest.mark.usefixtures("empty_storage")


def animation(format_name: str) -> bytes:
    buffer = BytesIO()
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "green", "blue")]
    frames[0].save(buffer, format_name, save_all=True, append_images=frames[1:])
    return buffer.getvalue()


def bomb(side: int) -> bytes:
    """Return a small PNG that declares a size of `side` by `side` pixels (decompression bomb)."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")


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


def test_avatar_is_scaled_and_keeps_its_aspect_ratio(user_api: Client) -> None:
    put(user_api, picture(size=(2000, 1000)))
    with Image.open(BytesIO(served(user_api))) as image:
        assert image.size == (512, 256)


def test_avatar_responds_with_304_when_unchanged(user_api: Client) -> None:
    put(user_api, picture())
    first = user_api.get(reverse(AVATAR))
    first.getvalue()
    second = user_api.get(reverse(AVATAR), HTTP_IF_NONE_MATCH=first["ETag"])
    assert (second.status_code, second.content) == (304, b"")
    put(user_api, picture())
    third = user_api.get(reverse(AVATAR), HTTP_IF_NONE_MATCH=first["ETag"])
    third.getvalue()
    assert third.status_code == 200
    assert third["ETag"] != first["ETag"]


def test_avatar_is_not_found_before_one_is_set(user_api: Client) -> None:
    problem_of(user_api.get(reverse(AVATAR)), 404)
    assert user_api.get(reverse("v1:users:me")).json()["avatar"] is None


def test_avatar_upload_is_unavailable_while_other_images_are_decoded(
    user_api: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(images, "DECODE_WAIT_SECONDS", 0)
    with images._decoding:  # noqa: SLF001 - held by another request
        response = put(user_api, picture())
    assert problem_of(response, 503)["type"] == "urn:problem:service_unavailable"
    assert int(response["Retry-After"]) > 0
    assert not stored_avatars()
    assert put(user_api, picture()).status_code == 200


def test_rejected_upload_keeps_the_old_avatar(user_api: Client) -> None:
    put(user_api, picture())
    before = served(user_api)
    assert put(user_api, b"not a picture").status_code == 400
    assert served(user_api) == before


def test_upload_requires_a_file(user_api: Client) -> None:
    missing = user_api.put(reverse(AVATAR), {}, format="multipart")
    text = user_api.put(reverse(AVATAR), {"avatar": "text"}, format="multipart")
    assert fields_of(missing) == {("avatar", "required")}
    assert fields_of(text) == {("avatar", "invalid")}


def test_upload_as_json_is_rejected(user_api: Client) -> None:
    problem_of(user_api.put(reverse(AVATAR), {"avatar": "aGVsbG8="}), 415)
