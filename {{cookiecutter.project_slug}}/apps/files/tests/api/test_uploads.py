"""Uploads: accepted and rejected files; rejected ones leave nothing behind."""

import errno
import hashlib
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import InMemoryStorage, default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.files.uploadhandler import TemporaryFileUploadHandler
from django.urls import reverse
from pytest_django import Settings

from apps.files.models import StoredFile
from apps.files.tests.factories import StoredFileFactory
from apps.files.tests.helpers import LIST, blobs, stored, upload
from apps.files.tests.samples import ACCEPTED, INVALID_NAMES, PDF, REJECTED, VALID_NAMES
from apps.users.models import User
from apps.users.tests.helpers import Response, assert_unauthorized, fields_of, problem_of
from conftest import Client
from infrastructure.http.body_limit import FORM_BYTES

BOUNDARY = "----limit"


def form(*parts: tuple[str, bytes], end: bytes = b"--") -> bytes:
    """Return an encoded multipart form of (headers, content) parts."""
    sent = [f"--{BOUNDARY}\r\n{headers}\r\n\r\n".encode() + content + b"\r\n" for headers, content in parts]
    return b"".join(sent) + f"--{BOUNDARY}".encode() + end + b"\r\n"


def file_part(name: str, content: bytes = b"Hello", field: str = "file") -> tuple[str, bytes]:
    return f'Content-Disposition: form-data; name="{field}"; filename="{name}"', content


def send(api: Client, body: bytes, **environ: Any) -> Response:
    sent: Any = body
    return api.generic("POST", reverse(LIST), sent, f"multipart/form-data; boundary={BOUNDARY}", **environ)


def nothing_is_left(folder: Path) -> bool:
    return not blobs() and not StoredFile.objects.exists() and not list(folder.iterdir())


@pytest.fixture(autouse=True)
def temporary(settings: Settings, tmp_path: Path) -> Path:
    """Return the folder of temporary files, used for uploads of any size."""
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path)
    settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 0
    return tmp_path


@pytest.mark.parametrize(("sample", "memory"), [*((sample, 0) for sample in ACCEPTED), ("docx", 2_621_440)])
def test_upload_derives_content_type_from_content(
    user_api: Client, user: User, settings: Settings, sample: str, memory: int
) -> None:
    settings.FILE_UPLOAD_MAX_MEMORY_SIZE = memory
    settings.FILE_STRIP_METADATA = False
    name, content, content_type = ACCEPTED[sample]

    response = upload(user_api, name, content)

    assert response.status_code == 201, response.content
    file = StoredFile.objects.get()
    assert response.json() == {
        "id": str(file.pk),
        "name": name,
        "size": len(content),
        "content_type": content_type,
        "checksum": hashlib.sha256(content).hexdigest(),
        "created_at": response.json()["created_at"],
        "folder": None,
        "status": "available",
        "has_thumbnail": content_type.startswith("image/"),
    }
    assert file.owner == user
    assert sorted(blobs()) == sorted(filter(None, [file.storage_name, file.thumbnail_name]))
    assert default_storage.open(file.storage_name).read() == content


@pytest.mark.parametrize(("name", "content", "code"), REJECTED.values(), ids=REJECTED)
def test_upload_rejects_content_that_does_not_match_extension(
    user_api: Client, temporary: Path, name: str, content: bytes, code: str
) -> None:
    response = upload(user_api, name, content, "image/png")

    assert fields_of(response) == {("file", code)}
    assert nothing_is_left(temporary)


@pytest.mark.parametrize("name", INVALID_NAMES)
def test_upload_rejects_invalid_file_name(user_api: Client, temporary: Path, name: str) -> None:
    response = send(user_api, form(file_part(name)))

    assert fields_of(response) == {("non_field_errors", "invalid_name")}
    assert nothing_is_left(temporary)


@pytest.mark.parametrize("name", ["a\\..\\b.txt", "a\x00.txt", "a\r\nX: 1.txt", "a" * 2000 + ".txt"])
def test_upload_rejects_file_name_that_breaks_the_form(user_api: Client, temporary: Path, name: str) -> None:
    assert send(user_api, form(file_part(name))).status_code == 400
    assert nothing_is_left(temporary)


@pytest.mark.parametrize(("name", "kept"), VALID_NAMES.items())
def test_file_name_keeps_unicode(user_api: Client, name: str, kept: str) -> None:
    escaped = name.replace('"', '\\"')

    response = send(user_api, form(file_part(escaped)))

    assert response.status_code == 201, response.content
    assert response.json()["name"] == kept
    # The storage name contains nothing of it.
    assert StoredFile.objects.get().storage_name.removeprefix("files/").replace("/", "").isalnum()


def test_file_name_may_occur_twice(user_api: Client) -> None:
    first, second = stored(user_api, content=b"one"), stored(user_api, content=b"two")

    assert first["name"] == second["name"]
    assert {default_storage.open(name).read() for name in blobs()} == {b"one", b"two"}


@pytest.mark.django_db
def test_upload_requires_authentication(api: Client, temporary: Path) -> None:
    assert_unauthorized(upload(api, "a.txt", b"Hello"), "not_authenticated")
    assert nothing_is_left(temporary)


def test_upload_requires_file(user_api: Client) -> None:
    missing = user_api.post(reverse(LIST), {}, format="multipart")
    text = user_api.post(reverse(LIST), {"file": "text"}, format="multipart")

    assert fields_of(missing) == {("file", "required")}
    assert fields_of(text) == {("file", "invalid")}


def test_upload_rejects_json(user_api: Client) -> None:
    problem_of(user_api.post(reverse(LIST), {"file": "aGVsbG8="}), 415)


# Sizes


def test_upload_size_limit_is_inclusive(user_api: Client, settings: Settings, temporary: Path) -> None:
    settings.FILE_MAX_BYTES = 1000
    assert upload(user_api, "a.txt", b"x" * 1000).status_code == 201
    StoredFile.objects.all().delete()
    for name in blobs():
        default_storage.delete(name)

    assert fields_of(upload(user_api, "a.txt", b"x" * 1001)) == {("file", "too_large")}
    assert nothing_is_left(temporary)


def test_body_above_limit_is_rejected(user_api: Client, settings: Settings, temporary: Path) -> None:
    settings.FILE_MAX_BYTES = 1000
    response = upload(user_api, "a.txt", b"x" * (1001 + FORM_BYTES))

    assert problem_of(response, 413)["type"] == "urn:problem:body_too_large"
    assert nothing_is_left(temporary)


@pytest.mark.django_db
def test_body_above_limit_is_rejected_before_it_is_read(api: Client) -> None:
    class Unreadable(BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise AssertionError("The body was read.")

    environ = {"CONTENT_LENGTH": str(2 * 1024**3), "wsgi.input": Unreadable()}
    response = send(api, b"", **environ)

    assert problem_of(response, 413)["type"] == "urn:problem:body_too_large"


@pytest.mark.parametrize("missing", [20, 60, 200, 300])
def test_truncated_body_is_rejected(user_api: Client, temporary: Path, missing: int) -> None:
    body = form(file_part("a.txt", b"x" * 200))

    assert fields_of(send(user_api, body[:-missing])) == {("file", "required")}
    assert nothing_is_left(temporary)


# Forms


BOMBS = {
    "files": form(*[file_part("a.txt", b"", f"file{number}") for number in range(11)]),
    "fields": form(*[(f'Content-Disposition: form-data; name="{number}"', b"") for number in range(1003)]),
    "long field": form(('Content-Disposition: form-data; name="file"', b"x" * 2_700_000)),
    "long header": form((f'Content-Disposition: form-data; name="{"x" * 5000}"', b"")),
    "no boundary": b"nonsense",
    "base64": form((f"{file_part('a.txt')[0]}\r\nContent-Transfer-Encoding: base64", b"\xff\xff!")),
}


@pytest.mark.parametrize("body", BOMBS.values(), ids=BOMBS)
def test_malformed_or_oversized_form_is_rejected(user_api: Client, temporary: Path, body: bytes) -> None:
    problem_of(send(user_api, body), 400)
    assert nothing_is_left(temporary)


# Quota


def test_quota_is_enforced_per_user(
    user_api: Client, user: User, settings: Settings, temporary: Path
) -> None:
    settings.FILE_QUOTA_BYTES = 100
    StoredFileFactory.create(size=1000)
    row = StoredFileFactory.create(owner=user, size=95)

    assert fields_of(upload(user_api, "a.txt", b"123456")) == {("file", "quota")}
    assert not blobs()
    row.delete()
    assert upload(user_api, "a.txt", b"123456").status_code == 201


# Failures


def test_upload_leaves_nothing_when_storage_fails(
    user_api: Client, temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(storage: InMemoryStorage, name: str, content: Any) -> str:
        storage._resolve(name, create_if_missing=True)  # type: ignore[attr-defined] # noqa: SLF001 - a partial write
        raise OSError("No space left on device")

    monkeypatch.setattr(InMemoryStorage, "_save", fail)
    response = upload(user_api, "a.pdf", PDF)

    assert problem_of(response, 503)["type"] == "urn:problem:storage_unavailable"
    assert nothing_is_left(temporary)


def test_upload_returns_503_when_temporary_storage_is_full(
    user_api: Client, temporary: Path, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    def fail(*_args: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 0
    monkeypatch.setattr(TemporaryFileUploadHandler, "receive_data_chunk", fail)
    response = upload(user_api, "a.txt", b"Hello")

    assert problem_of(response, 503)["type"] == "urn:problem:service_unavailable"
    assert response["Retry-After"] == "5"
    assert nothing_is_left(temporary)


def test_upload_leaves_no_blob_when_insert_fails(
    user_api: Client, temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_args: Any, **_kwargs: Any) -> None:
        raise RuntimeError("The database is unavailable.")

    monkeypatch.setattr(StoredFile, "save", fail)
    with pytest.raises(RuntimeError, match="unavailable"):
        upload(user_api, "a.txt", b"Hello")
    assert nothing_is_left(temporary)


@pytest.mark.usefixtures("user_api")
def test_upload_ignores_client_supplied_metadata(user_api: Client) -> None:
    file = SimpleUploadedFile("a.txt", b"Hello", "application/x-msdownload")

    response = user_api.post(
        reverse(LIST), {"file": file, "owner": "somebody", "size": 1}, format="multipart"
    )

    assert response.json()["content_type"] == "text/plain"
    assert response.json()["size"] == 5
