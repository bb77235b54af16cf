"""Blobs of files in the default storage, under unguessable names.

The storage takes no part in database transactions: a blob whose row is rolled back is deleted explicitly, and
orphaned blobs are deleted by `manage.py purge_files`. Functions that wait for the storage raise
`StorageUnavailable` if it fails.
"""

from __future__ import annotations

import uuid
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import structlog
from django.core.files.base import File
from django.core.files.storage import default_storage

from apps.files.exceptions import BlobNotFound, StorageUnavailable
from infrastructure.background import in_background

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.core.files.uploadedfile import UploadedFile

# The first two digits of a name are its folder, which keeps directory listings short.
FOLDERS = [f"files/{number:02x}" for number in range(256)]
# Folder of blobs that are being uploaded. They are validated and copied before anything refers to them.
UPLOADS = "uploads"

logger = structlog.get_logger(__name__)


@runtime_checkable
class SignsUrls(Protocol):
    """Storage that serves downloads itself with presigned URLs."""

    def download_url(self, name: str, *, file_name: str, content_type: str, seconds: int) -> str:
        """Return a presigned URL that expires after `seconds`, for download as an attachment."""


@runtime_checkable
class SignsUploads(Protocol):
    """Storage to which clients upload directly, with a signed request."""

    def upload_request(self, name: str, *, size: int, content_type: str, seconds: int) -> dict[str, Any]:
        """Return `method`, `url`, `headers` and `form` (its fields) of a request that expires."""


def random_name(folder: str = "") -> str:
    """Return a random name in a folder, by default in one of `FOLDERS`.

    It has no user input, not even an extension that a server could interpret.
    """
    name = uuid.uuid4().hex
    return f"{folder or f'files/{name[:2]}'}/{name}"


def save(name: str, file: UploadedFile[Any]) -> None:
    """Save an upload without the content type that the client sent."""
    with _domain_errors():
        default_storage.save(name, File(file.file))


def open(name: str) -> File[bytes]:  # noqa: A001 - the name in Django
    """Open a blob for reading; raises BlobNotFound."""
    with _domain_errors():
        opened = default_storage.open(name)
        # Storages of buckets download the content here.
        opened.seek(0)
    return opened


def delete(name: str) -> None:
    """Delete a blob in the background; failures are logged. Call this once no row can refer to it."""
    in_background(partial(default_storage.delete, name))


def download_url(name: str, *, file_name: str, content_type: str, seconds: int) -> str | None:
    """Return a presigned URL, or None if the storage does not sign URLs."""
    if not isinstance(default_storage, SignsUrls):
        return None
    return default_storage.download_url(name, file_name=file_name, content_type=content_type, seconds=seconds)


def signs_uploads() -> bool:
    """Return whether clients upload directly to the storage."""
    return isinstance(default_storage, SignsUploads)


def upload_request(name: str, *, size: int, content_type: str, seconds: int) -> dict[str, Any] | None:
    """Return a signed upload request, or None if the storage does not sign uploads."""
    if not isinstance(default_storage, SignsUploads):
        return None
    with _domain_errors():
        return default_storage.upload_request(name, size=size, content_type=content_type, seconds=seconds)


def size(name: str) -> int:
    """Return the size of a blob in bytes; raises BlobNotFound."""
    with _domain_errors():
        if not default_storage.exists(name):
            raise FileNotFoundError(name)
        return int(default_storage.size(name))


def write_at(name: str, *, offset: int, chunk: bytes) -> None:
    """Write a chunk of a blob on disk. Bytes after `offset` are left from an interrupted request."""
    path = Path(default_storage.path(name))
    with _domain_errors():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o640)
        with path.open("r+b") as file:
            if file.seek(0, 2) < offset:
                raise OSError("The file is shorter than the offset.")
            file.truncate(offset)
            file.seek(offset)
            file.write(chunk)


def names_in(folder: str) -> Iterator[str]:
    """Return the names of all blobs in one of `FOLDERS`."""
    try:
        _folders, names = default_storage.listdir(folder)
    except FileNotFoundError:
        return
    for name in names:
        # Some storages return the full name, others the last part.
        yield f"{folder}/{name.rsplit('/', 1)[-1]}"


@contextmanager
def _domain_errors() -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise BlobNotFound from error
    except Exception as error:
        # Each storage backend raises its own exceptions.
        logger.exception("storage_failed")
        raise StorageUnavailable from error
