from io import BytesIO

import pytest
from django.urls import reverse
from PIL import Image

from apps.users.models import User
from apps.users.tests.helpers import Response, assert_unauthorized, problem_of, stored_avatars
from apps.users.tests.images import ARTIST, exif_of, picture, upload
from conftest import Client

AVATAR = "v1:users:avatar"

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


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["get", "put", "delete"])
def test_avatar_requires_a_login(api: Client, method: str) -> None:
    assert_unauthorized(getattr(api, method)(reverse(AVATAR)), "not_authenticated")


def test_avatar_of_another_user_is_not_served(user_api: Client, staff_api: Client) -> None:
    put(user_api, picture())
    problem_of(staff_api.get(reverse(AVATAR)), 404)
