from io import BytesIO

import pytest
from django.urls import reverse
from PIL import Image

from apps.core import images
from apps.users.models import User
from apps.users.tests.helpers import Response, assert_unauthorized, fields_of, problem_of, stored_avatars
from apps.users.tests.images import ARTIST, exif_of, picture, upload
from conftest import Client

AVATAR = "v1:users:avatar"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


pytestmark = pytest.mark.usefixtures("empty_storage")


def put(api: Client, content: bytes, name: str = "me.png") -> Response:
    return api.put(reverse(AVATAR), {"avatar": upload(content, name)}, format="multipart")


def served(api: Client) -> bytes:
    response = api.get(reverse(AVATAR))
    assert response.status_code == 200
    assert response["Content-Type"] == "image/webp"
    return response.getvalue()


@pytest.mark.parametrize(
    ("format_name", "name"),
    [("PNG", "me.png"), ("JPEG", "me.jpg"), ("JPEG", "me.JPEG"), ("GIF", "me.gif"), ("WEBP", "me.webp")],
)
def test_avatar_is_reencoded_as_webp(user_api: Client, user: User, format_name: str, name: str) -> None:
    response = put(user_api, picture(format_name), name)
    assert response.status_code == 200
    assert response.json()["avatar"] == reverse(AVATAR)
    with Image.open(BytesIO(served(user_api))) as image:
        assert (image.format, image.size) == ("WEBP", (40, 20))
    user.refresh_from_db()
    assert user.avatar.name == f"avatars/{stored_avatars()[0]}"


def test_avatar_has_no_metadata_of_the_upload(user_api: Client) -> None:
    secret = "taken at 52.5200 N 13.4050 E"
    content = picture("JPEG", exif=exif_of(artist=secret)) + secret.encode()
    assert put(user_api, content, "me.jpg").status_code == 200
    stored = served(user_api)
    assert secret.encode() not in stored
    with Image.open(BytesIO(stored)) as image:
        assert ARTIST not in image.getexif()


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


def test_new_avatar_deletes_the_old_file(user_api: Client) -> None:
    put(user_api, picture())
    before = stored_avatars()
    put(user_api, picture())
    assert len(before) == len(stored_avatars()) == 1
    assert before != stored_avatars()


def test_removed_avatar_deletes_the_file(user_api: Client, user: User) -> None:
    put(user_api, picture())
    assert user_api.delete(reverse(AVATAR)).status_code == 204
    assert not stored_avatars()
    assert problem_of(user_api.get(reverse(AVATAR)), 404)["type"] == "urn:problem:not_found"
    assert user_api.get(reverse("v1:users:me")).json()["avatar"] is None
    user.refresh_from_db()
    assert not user.avatar


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


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["get", "put", "delete"])
def test_avatar_requires_a_login(api: Client, method: str) -> None:
    assert_unauthorized(getattr(api, method)(reverse(AVATAR)), "not_authenticated")


def test_avatar_of_another_user_is_not_served(user_api: Client, staff_api: Client) -> None:
    put(user_api, picture())
    problem_of(staff_api.get(reverse(AVATAR)), 404)
