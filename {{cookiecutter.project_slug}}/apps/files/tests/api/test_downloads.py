"""Download links and downloads."""

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from django.core.files.base import ContentFile
from django.core.files.storage import InMemoryStorage, default_storage
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from pytest_django import Settings

from apps.files.models import StoredFile
from apps.files.tests.helpers import link_of, stored, upload
from apps.files.tests.samples import animation
from apps.users.tests.helpers import problem_of
from conftest import Client

SIGNED = "https://bucket.example.com/object?signature=1"


class SigningStorage(InMemoryStorage):
    """Storage with presigned URLs, like S3."""

    asked: dict[str, Any]

    def download_url(self, name: str, **asked: Any) -> str:
        type(self).asked = {"name": name, **asked}
        return SIGNED


def test_link_works_without_authentication_and_is_not_cached(user_api: Client, api: Client) -> None:
    file = stored(user_api, content=b"Hello")

    response = user_api.post(reverse("v1:files:file-link", args=[file["id"]]))

    assert response["Cache-Control"] == "no-store"
    download = api.get(response.json()["url"])
    assert download.status_code == 200
    assert download.getvalue() == b"Hello"
    expires_at = parse_datetime(response.json()["expires_at"])
    assert expires_at is not None
    assert timedelta(seconds=290) < expires_at - timezone.now() <= timedelta(seconds=300)


def test_download_is_an_attachment_with_security_headers(user_api: Client, api: Client) -> None:
    response = api.get(link_of(user_api, stored(user_api)))

    assert response["Content-Disposition"] == 'attachment; filename="a.txt"'
    assert response["Content-Type"] == "text/plain"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert response["Cross-Origin-Resource-Policy"] == "same-site"
    assert set(response["Cache-Control"].split(", ")) == {"private", "no-store"}


def test_download_has_content_type_and_unicode_file_name(user_api: Client, api: Client) -> None:
    name = 'Zürich "年度" 100%.gif'
    file = upload(user_api, "a.gif", animation()).json()
    StoredFile.objects.update(name=name)

    response = api.get(link_of(user_api, file))

    assert response["Content-Type"] == "image/gif"
    # RFC 6266 with RFC 8187
    quoted = "Z%C3%BCrich%20%22%E5%B9%B4%E5%BA%A6%22%20100%25.gif"
    assert response["Content-Disposition"] == f"attachment; filename*=utf-8''{quoted}"


def test_download_has_content_length(user_api: Client, api: Client) -> None:
    url = link_of(user_api, stored(user_api, content=b"x" * 5000))

    for headers in ({}, {"Accept-Encoding": "gzip"}, {"Range": "bytes=10-20"}):
        response = api.get(url, headers=headers)
        assert response.status_code == 200
        assert response["Content-Length"] == "5000"
        assert response["Accept-Ranges"] == "none"
        assert response.getvalue() == b"x" * 5000


def test_download_supports_head(user_api: Client, api: Client) -> None:
    response = api.head(link_of(user_api, stored(user_api)))

    assert (response.status_code, response["Content-Length"], response.getvalue()) == (200, "5", b"")


def test_link_expires(user_api: Client, api: Client, settings: Settings) -> None:
    settings.FILE_LINK_SECONDS = 60
    url = link_of(user_api, stored(user_api))

    with time_machine.travel(timezone.now() + timedelta(seconds=55)):
        assert api.get(url).status_code == 200
    with time_machine.travel(timezone.now() + timedelta(seconds=65)):
        assert problem_of(api.get(url), 403)["type"] == "urn:problem:link_not_valid"


def test_link_is_valid_for_one_file_only(user_api: Client, api: Client) -> None:
    first, second = stored(user_api), stored(user_api)
    (token,) = parse_qs(urlsplit(link_of(user_api, first)).query)["token"]
    other = reverse("v1:files:content", args=[second["id"]])

    for url in (other, f"{other}?token=", f"{other}?token={token}", f"{other}?token={token[:-1]}"):
        assert problem_of(api.get(url), 403)["type"] == "urn:problem:link_not_valid"


def test_forged_link_does_not_reveal_whether_file_exists(user_api: Client, api: Client) -> None:
    file = stored(user_api)
    answers = [
        problem_of(api.get(reverse("v1:files:content", args=[key], query={"token": "a:b:c"})), 403)["detail"]
        for key in (file["id"], "00000000-0000-0000-0000-000000000000")
    ]

    assert answers[0] == answers[1]


def test_link_to_deleted_file_returns_404(user_api: Client, api: Client) -> None:
    file = stored(user_api)
    url = link_of(user_api, file)

    default_storage.delete(StoredFile.objects.get().storage_name)
    problem_of(api.get(url), 404)
    user_api.delete(reverse("v1:files:file-detail", args=[file["id"]]))
    problem_of(api.get(url), 404)


def test_download_returns_503_when_storage_fails(
    user_api: Client, api: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = link_of(user_api, stored(user_api))

    def fail(*_args: Any) -> None:
        raise OSError("Input/output error")

    monkeypatch.setattr(InMemoryStorage, "_open", fail)
    assert problem_of(api.get(url), 503)["type"] == "urn:problem:storage_unavailable"


def test_link_is_presigned_url_when_storage_signs_urls(user_api: Client, settings: Settings) -> None:
    backend = f"{__name__}.SigningStorage"
    settings.STORAGES = {**settings.STORAGES, "default": {"BACKEND": backend}}
    file = stored(user_api)

    assert link_of(user_api, file) == SIGNED
    assert SigningStorage.asked == {
        "name": StoredFile.objects.get().storage_name,
        "file_name": "a.txt",
        "content_type": "text/plain",
        "seconds": 300,
    }


def test_link_creation_is_limited_to_owner(other_api: Client, user_api: Client) -> None:
    file = stored(user_api)

    problem_of(other_api.post(reverse("v1:files:file-link", args=[file["id"]])), 404)


def test_local_files_are_not_served_by_url(
    user_api: Client, api: Client, settings: Settings, tmp_path: Any
) -> None:
    backend = "django.core.files.storage.FileSystemStorage"
    settings.MEDIA_ROOT = str(tmp_path / "media")
    settings.STORAGES = {**settings.STORAGES, "default": {"BACKEND": backend}}
    file = stored(user_api, content=b"Hello")
    (path,) = (path for path in (tmp_path / "media").rglob("*") if path.is_file())

    assert api.get(link_of(user_api, file)).getvalue() == b"Hello"
    assert path.stat().st_mode & 0o777 == 0o640
    for prefix in ("/", "/media/", "/static/"):
        assert api.get(f"{prefix}{path.relative_to(tmp_path / 'media')}").status_code == 404
    user_api.delete(reverse("v1:files:file-detail", args=[file["id"]]))
    assert not path.exists()


@pytest.mark.usefixtures("db")
def test_blob_has_no_public_url(settings: Settings) -> None:
    name = default_storage.save("files/00/secret", ContentFile(b"secret"))

    assert not settings.MEDIA_URL.strip("/")
    assert default_storage.exists(name)
