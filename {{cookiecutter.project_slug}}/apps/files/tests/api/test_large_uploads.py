"""Uploads in several requests: chunks to the disk, and signed requests to a double of a bucket."""

import hashlib
import os
from datetime import timedelta
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile, File
from django.core.files.storage import FileSystemStorage, InMemoryStorage, default_storage
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from apps.files import storage
from apps.files.exceptions import WrongOffset
from apps.files.models import StoredFile, Upload
from apps.files.services.uploads import MAX_UPLOADS, upload_create, upload_write
from apps.files.tests import samples
from apps.files.tests.factories import FolderFactory, StoredFileFactory, UploadFactory
from apps.files.tests.helpers import blobs
from apps.users.models import User
from apps.users.tests.factories import UserFactory
from apps.users.tests.helpers import Response, assert_unauthorized, at_once, fields_of, problem_of
from conftest import Client

UPLOADS = "v1:files:upload-list"
CONTENT = b"0123456789" * 100


class Bucket(InMemoryStorage):
    """Double of a bucket: returns the name of the blob as the URL of the signed request."""

    def upload_request(self, name: str, *, size: int, content_type: str, seconds: int) -> dict[str, Any]:
        form = {"size": str(size), "type": content_type, "seconds": str(seconds)}
        return {"method": "POST", "url": name, "headers": {}, "form": form}


class BrokenDownload(BytesIO):
    """Content of a file in a bucket; its download fails with an exception of the library of the bucket."""

    def seek(self, *_args: Any) -> int:
        raise RuntimeError


def conflict_of(response: Response) -> str:
    """Return the type of the problem of a 409 response."""
    return str(problem_of(response, 409)["type"]).removeprefix("urn:problem:")


@pytest.fixture(autouse=True)
def media(settings: Settings, tmp_path: Path) -> Path:
    """Store files on the disk."""
    options = {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": str(tmp_path)},
    }
    settings.STORAGES = {**settings.STORAGES, "default": options}
    return tmp_path


@pytest.fixture
def _bucket(settings: Settings) -> None:
    settings.STORAGES = {**settings.STORAGES, "default": {"BACKEND": f"{__name__}.Bucket"}}


def create(api: Client, name: str = "a.txt", size: int = len(CONTENT)) -> Response:
    return api.post(reverse(UPLOADS), {"name": name, "size": size})


def created(api: Client, name: str = "a.txt", size: int = len(CONTENT)) -> dict[str, Any]:
    response = create(api, name, size)
    assert response.status_code == 201, response.content
    body: dict[str, Any] = response.json()
    return body


def send(api: Client, upload: dict[str, Any], offset: int | str, chunk: Any) -> Response:
    transfer = upload["transfer"]
    return api.generic(
        "PATCH", transfer["url"], chunk, transfer["headers"]["Content-Type"], HTTP_UPLOAD_OFFSET=str(offset)
    )


def complete(api: Client, upload: dict[str, Any]) -> Response:
    return api.post(reverse("v1:files:upload-complete", args=[upload["id"]]))


def uploaded(api: Client, name: str, content: bytes) -> dict[str, Any]:
    """Create an upload and send its content in one chunk."""
    upload = created(api, name, len(content))
    assert send(api, upload, 0, content).status_code == 204
    return upload


# Creation


def test_upload_describes_chunks_if_the_storage_signs_no_uploads(user_api: Client) -> None:
    upload = created(user_api)

    transfer = upload.pop("transfer")
    assert transfer["method"] == "PATCH"
    assert transfer["url"] == f"http://testserver/api/v1/files/uploads/{upload['id']}/content/"
    assert transfer["headers"] == {"Content-Type": "application/octet-stream"}
    assert transfer["chunk_bytes"] == 2_621_440
    assert (upload["name"], upload["size"], upload["offset"]) == ("a.txt", 1000, 0)
    assert [row["id"] for row in user_api.get(reverse(UPLOADS)).json()["results"]] == [upload["id"]]


def test_chunks_are_not_longer_than_the_limit_of_files(user_api: Client, settings: Settings) -> None:
    settings.FILE_MAX_BYTES = 1000
    assert created(user_api)["transfer"]["chunk_bytes"] == 1000


@pytest.mark.parametrize(
    ("name", "size", "error"),
    [
        ("a.exe", 1, ("name", "extension")),
        ("../a.txt", 1, ("name", "invalid_name")),
        ("a.txt", 0, ("size", "min_value")),
        ("a.txt", 2001, ("size", "too_large")),
        ("a.txt", 2**70, ("size", "max_value")),
    ],
)
def test_upload_rejects_names_and_sizes_that_are_not_allowed(
    user_api: Client, settings: Settings, name: str, size: int, error: tuple[str, str]
) -> None:
    settings.FILE_UPLOAD_MAX_BYTES = 2000
    assert fields_of(create(user_api, name, size)) == {error}
    assert not Upload.objects.exists()


def test_uploads_in_progress_count_for_the_quota(user_api: Client, user: User, settings: Settings) -> None:
    settings.FILE_QUOTA_BYTES = 2500
    StoredFileFactory.create(owner=user, size=600)
    upload = created(user_api)

    assert fields_of(create(user_api)) == {("size", "quota")}
    send(user_api, upload, 0, CONTENT)
    # Its own reservation does not count twice.
    assert complete(user_api, upload).status_code == 201
    assert fields_of(create(user_api)) == {("size", "quota")}


def test_number_of_uploads_in_progress_is_limited(user_api: Client, user: User) -> None:
    UploadFactory.create_batch(MAX_UPLOADS, owner=user)
    assert fields_of(create(user_api)) == {("non_field_errors", "too_many")}

    Upload.objects.update(expires_at=timezone.now())
    assert create(user_api).status_code == 201
    # Expired ones are deleted without waiting for the nightly cleanup.
    assert Upload.objects.count() == 1


def test_started_uploads_are_throttled(user_api: Client, settings: Settings) -> None:
    settings.THROTTLE_RATES = settings.THROTTLE_RATES | {"upload": "2/day"}
    upload = created(user_api, size=5)
    user_api.delete(reverse("v1:files:upload-detail", args=[upload["id"]]))
    upload = created(user_api, size=5)

    problem_of(create(user_api), 429)
    # Started ones are not affected.
    send(user_api, upload, 0, b"Hello")
    assert complete(user_api, upload).status_code == 201


# Chunks


def test_chunks_are_resumed_at_the_offset(user_api: Client) -> None:
    upload = created(user_api)

    first = send(user_api, upload, 0, CONTENT[:300])
    assert (first.status_code, first["Upload-Offset"]) == (204, "300")
    head = user_api.head(upload["transfer"]["url"])
    assert (head.status_code, head["Upload-Offset"], head["Upload-Length"]) == (200, "300", "1000")
    detail = user_api.get(reverse("v1:files:upload-detail", args=[upload["id"]])).json()
    assert (detail["offset"], detail["transfer"]) == (300, upload["transfer"])
    assert send(user_api, upload, 300, CONTENT[300:]).status_code == 204
    response = complete(user_api, upload)

    assert response.status_code == 201, response.content
    file = StoredFile.objects.get()
    assert response.json()["id"] == str(file.pk)
    assert (file.name, file.size, file.content_type) == ("a.txt", 1000, "text/plain")
    assert file.checksum == hashlib.sha256(CONTENT).hexdigest()
    with default_storage.open(file.storage_name) as stored:
        assert stored.read() == CONTENT
    assert not Upload.objects.exists()
    assert list(storage.names_in(storage.UPLOADS)) == []


@pytest.mark.parametrize("offset", [0, 299, 301, 1000, 2**63 - 1])
def test_chunk_at_another_offset_is_rejected(user_api: Client, offset: int) -> None:
    upload = created(user_api)
    send(user_api, upload, 0, CONTENT[:300])

    assert conflict_of(send(user_api, upload, offset, b"x")) == "wrong_offset"
    assert Upload.objects.get().offset == 300


@pytest.mark.parametrize("chunk", [b"", b"x" * 1001])
def test_empty_or_excessive_chunk_is_rejected(user_api: Client, chunk: bytes) -> None:
    upload = created(user_api)
    assert conflict_of(send(user_api, upload, 0, chunk)) == "wrong_offset"


@pytest.mark.parametrize(("offset", "code"), [("", "invalid"), ("x", "invalid"), ("-1", "min_value")])
def test_invalid_offset_header_is_rejected(user_api: Client, offset: str, code: str) -> None:
    assert fields_of(send(user_api, created(user_api), offset, b"x")) == {("offset", code)}


def test_chunk_above_the_body_limit_is_rejected_unread(user_api: Client) -> None:
    upload = created(user_api, size=10_000_000)
    problem_of(send(user_api, upload, 0, b"x" * (upload["transfer"]["chunk_bytes"] + 1)), 413)
    assert Upload.objects.get().offset == 0


def test_offset_is_kept_when_the_disk_is_full(user_api: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    upload = created(user_api)

    def fail(*_args: Any, **_kwargs: Any) -> None:
        raise OSError("No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "touch", fail)
        assert (
            problem_of(send(user_api, upload, 0, CONTENT), 503)["type"] == "urn:problem:storage_unavailable"
        )
    assert Upload.objects.get().offset == 0
    assert send(user_api, upload, 0, CONTENT).status_code == 204


def test_chunk_replaces_bytes_of_an_interrupted_request(user_api: Client, media: Path) -> None:
    upload = created(user_api)
    send(user_api, upload, 0, CONTENT[:300])
    # A process was killed after it had written, before the commit.
    with (media / Upload.objects.get().storage_name).open("ab") as file:
        file.write(b"y" * 900)

    send(user_api, upload, 300, CONTENT[300:])

    assert complete(user_api, upload).json()["checksum"] == hashlib.sha256(CONTENT).hexdigest()


def test_chunk_is_rejected_when_earlier_chunks_were_lost(user_api: Client, media: Path) -> None:
    upload = created(user_api)
    send(user_api, upload, 0, CONTENT[:300])
    (media / Upload.objects.get().storage_name).unlink()

    problem_of(send(user_api, upload, 300, CONTENT[300:]), 503)


@pytest.mark.django_db(transaction=True)
def test_concurrent_chunks_are_written_once(media: Path) -> None:
    upload = upload_create(owner=UserFactory.create(), name="a.txt", size=1000)

    def write(letter: bytes) -> bytes | None:
        try:
            upload_write(upload=upload, offset=0, chunk=letter * 500)
        except WrongOffset:
            return None
        return letter

    results = at_once([partial(write, letter) for letter in (b"a", b"b", b"c", b"d")])

    (winner,) = filter(None, results)
    assert (media / upload.storage_name).read_bytes() == winner * 500
    upload.refresh_from_db()
    assert upload.offset == 500


def test_large_file_is_sent_through_the_limits_of_a_form(user_api: Client, settings: Settings) -> None:
    settings.FILE_MAX_BYTES = 1000
    content = b"x" * 2500
    upload = created(user_api, size=2500)

    for offset in range(0, 2500, 1000):
        assert send(user_api, upload, offset, content[offset : offset + 1000]).status_code == 204
    assert complete(user_api, upload).json()["size"] == 2500


# Completion


def test_incomplete_upload_can_be_continued(user_api: Client) -> None:
    upload = created(user_api)
    assert conflict_of(complete(user_api, upload)) == "upload_incomplete"

    send(user_api, upload, 0, CONTENT[:300])
    assert conflict_of(complete(user_api, upload)) == "upload_incomplete"
    send(user_api, upload, 300, CONTENT[300:])
    assert complete(user_api, upload).status_code == 201


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [("a.png", samples.EXECUTABLE, "invalid_image"), ("a.txt", samples.HTML, "content")],
)
def test_invalid_content_is_deleted(user_api: Client, name: str, content: bytes, code: str) -> None:
    upload = uploaded(user_api, name, content)

    assert fields_of(complete(user_api, upload)) == {("file", code)}
    assert not Upload.objects.exists()
    assert not StoredFile.objects.exists()
    assert blobs() == list(storage.names_in(storage.UPLOADS)) == []


@pytest.mark.parametrize("sample", ["docx", "jpg", "pdf"])
def test_content_of_each_type_is_validated_from_the_storage(user_api: Client, sample: str) -> None:
    name, content, content_type = samples.ACCEPTED[sample]

    response = complete(user_api, uploaded(user_api, name, content))

    assert response.status_code == 201, response.content
    assert response.json()["content_type"] == content_type


def test_upload_is_completed_once(user_api: Client) -> None:
    upload = uploaded(user_api, "a.txt", CONTENT)
    Upload.objects.update(claimed_at=timezone.now())

    assert conflict_of(complete(user_api, upload)) == "upload_busy"
    assert conflict_of(send(user_api, upload, 1000, b"x")) == "wrong_offset"
    # The process that had claimed it was killed.
    Upload.objects.update(claimed_at=timezone.now() - timedelta(minutes=11))
    assert complete(user_api, upload).status_code == 201
    problem_of(complete(user_api, upload), 404)
    assert StoredFile.objects.count() == 1


def test_upload_can_be_completed_again_after_the_storage_failed(
    user_api: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = uploaded(user_api, "a.txt", CONTENT)

    def fail(*_args: Any) -> None:
        raise OSError("The storage is unavailable.")

    with monkeypatch.context() as patch:
        patch.setattr(FileSystemStorage, "_save", fail)
        problem_of(complete(user_api, upload), 503)
    assert complete(user_api, upload).status_code == 201


def test_upload_into_a_folder_with_such_a_file_is_rejected(user_api: Client, user: User) -> None:
    folder = FolderFactory.create(owner=user)
    StoredFileFactory.create(owner=user, name="a.txt", folder=folder)
    body = {"name": "a.txt", "size": 1000, "folder": str(folder.pk)}

    assert fields_of(user_api.post(reverse(UPLOADS), body)) == {("name", "unique")}
    assert not Upload.objects.exists()


def test_upload_can_be_completed_after_a_conflict_of_names(
    user_api: Client, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = FolderFactory.create(owner=user)
    upload = uploaded(user_api, "a.txt", CONTENT)
    Upload.objects.update(folder=folder)
    StoredFileFactory.create(owner=user, name="a.txt", folder=folder)

    with monkeypatch.context() as patch:
        # Without reading the content.
        patch.setattr(FileSystemStorage, "open", None)
        assert fields_of(complete(user_api, upload)) == {("name", "unique")}
    StoredFile.objects.update(name="b.txt")
    assert complete(user_api, upload).status_code == 201


# Abortion and expiry


def test_aborted_upload_is_deleted(user_api: Client) -> None:
    upload = uploaded(user_api, "a.txt", CONTENT)

    assert user_api.delete(reverse("v1:files:upload-detail", args=[upload["id"]])).status_code == 204
    assert not Upload.objects.exists()
    assert list(storage.names_in(storage.UPLOADS)) == []


def test_expired_upload_is_not_found_and_purged(user_api: Client) -> None:
    expired, kept = uploaded(user_api, "a.txt", CONTENT), created(user_api)
    Upload.objects.filter(pk=expired["id"]).update(expires_at=timezone.now())

    problem_of(send(user_api, expired, 1000, b"x"), 404)
    problem_of(complete(user_api, expired), 404)
    call_command("purge_files", "--dry-run")
    assert Upload.objects.count() == 2
    call_command("purge_files")
    assert str(Upload.objects.get().pk) == kept["id"]


def test_cleanup_removes_uploads_without_a_row(user_api: Client, media: Path) -> None:
    kept = uploaded(user_api, "a.txt", CONTENT)
    orphans = [
        default_storage.save(storage.random_name(storage.UPLOADS), ContentFile(b"x")) for _ in range(2)
    ]
    for name in (orphans[0], Upload.objects.get(pk=kept["id"]).storage_name):
        os.utime(media / name, (0, 0))

    call_command("purge_files")

    assert not default_storage.exists(orphans[0])
    # A signed request may still be in use.
    assert default_storage.exists(orphans[1])
    assert default_storage.exists(Upload.objects.get().storage_name)


# Access


def test_uploads_of_others_are_not_found(user_api: Client, other_api: Client) -> None:
    upload = created(user_api)
    detail = reverse("v1:files:upload-detail", args=[upload["id"]])

    assert other_api.get(reverse(UPLOADS)).json()["results"] == []
    for response in (
        other_api.get(detail),
        other_api.delete(detail),
        other_api.head(upload["transfer"]["url"]),
        send(other_api, upload, 0, b"x"),
        complete(other_api, upload),
    ):
        assert response.status_code == 404
    assert Upload.objects.get().offset == 0


@pytest.mark.django_db
def test_uploads_require_authentication(api: Client) -> None:
    assert_unauthorized(create(api), "not_authenticated")


def test_account_deletion_deletes_uploads(user_api: Client) -> None:
    uploaded(user_api, "a.txt", CONTENT)

    assert user_api.delete(reverse("v1:users:me")).status_code == 204
    assert not Upload.objects.exists()
    assert list(storage.names_in(storage.UPLOADS)) == []


def test_data_export_lists_uploads(user_api: Client) -> None:
    upload = created(user_api)
    (row,) = user_api.get(reverse("v1:users:export")).json()["files.Upload"]
    assert row["id"] == upload["id"]


# Signed uploads


@pytest.mark.usefixtures("_bucket")
def test_signed_upload_is_validated_and_moved(user_api: Client) -> None:
    upload = created(user_api)
    transfer = upload["transfer"]
    name = transfer["url"]
    assert (transfer["method"], transfer["chunk_bytes"]) == ("POST", None)
    assert (transfer["form"]["size"], transfer["form"]["type"]) == ("1000", "text/plain")
    assert 86_000 < int(transfer["form"]["seconds"]) <= 86_400
    assert name.startswith("uploads/")

    assert conflict_of(complete(user_api, upload)) == "upload_incomplete"
    default_storage.save(name, ContentFile(CONTENT))
    response = complete(user_api, upload)

    assert response.status_code == 201, response.content
    # A later use of the signed request cannot replace the validated content.
    assert StoredFile.objects.get().storage_name != name
    assert not default_storage.exists(name)
    assert len(blobs()) == 1


@pytest.mark.usefixtures("_bucket")
def test_signed_upload_larger_than_declared_is_deleted(user_api: Client) -> None:
    upload = created(user_api)
    default_storage.save(upload["transfer"]["url"], ContentFile(CONTENT + b"x"))

    assert fields_of(complete(user_api, upload)) == {("non_field_errors", "size")}
    assert not Upload.objects.exists()
    assert not default_storage.exists(upload["transfer"]["url"])


@pytest.mark.usefixtures("_bucket")
def test_upload_can_be_completed_again_after_the_bucket_failed(
    user_api: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = created(user_api)
    default_storage.save(upload["transfer"]["url"], ContentFile(CONTENT))

    with monkeypatch.context() as patch:
        # Storages of buckets open without a request for the content.
        patch.setattr(Bucket, "_open", lambda *_args: File(BrokenDownload(CONTENT)))
        problem_of(complete(user_api, upload), 503)
    assert complete(user_api, upload).status_code == 201


@pytest.mark.usefixtures("_bucket")
def test_signed_upload_takes_no_chunks(user_api: Client) -> None:
    upload = created(user_api)
    path = reverse("v1:files:upload-content", args=[upload["id"]])
    upload["transfer"] |= {"url": path, "headers": {"Content-Type": "application/octet-stream"}}

    assert conflict_of(send(user_api, upload, 0, b"x")) == "wrong_offset"
