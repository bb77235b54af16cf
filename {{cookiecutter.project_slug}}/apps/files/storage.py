"""Blobs of files in the default storage, under unguessable names.

The storage takes no part in database transactions: a blob whose row is rolled back is deleted explicitly, and
orphaned blobs are deleted by `manage.py purge_files`.
"""

from __future__ import annotations

import uuid
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import structlog
from django.core.files.base import File
from django.core.files.storage import default_storage

from apps.files.exceptions import StorageUnavailable
from infrastructure.background import in_background

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.core.files.uploadedfile import UploadedFile

# The first two digits of a name are its folder, which keeps directory listings short.
FOLDERS = [f"files/{number:02x}" for number in range(256)]

logger = structlog.get_logger(__name__)


@runtime_checkable
class SignsUrls(Protocol):
    """Storage that serves downloads itself with presigned URLs."""

    def download_url(self, name: str, *, file_name: str, content_type: str, seconds: int) -> str:
        """Return a presigned URL that expires after `seconds`, for download as an attachment."""


def random_name() -> str:
    """Return a random name without any user input, not even an extension that a server could interpret."""
    name = uuid.uuid4().hex
    return f"files/{name[:2]}/{name}"


def save(name: str, file: UploadedFile[Any]) -> None:
    """Save an upload without the content type that the client sent.

    Raises:
        StorageUnavailable: the storage failed.
    """
    with _unavailable():
        default_storage.save(name, File(file.file))


def open(name: str) -> File[bytes]:  # noqa: A001 - the name in Django
    """Open a blob for reading.

    Raises:
        FileNotFoundError: the blob does not exist.
        StorageUnavailable: the storage failed.
    """
    with _unavailable():
        return default_storage.open(name)


def delete(name: str) -> None:
    """Delete a blob in the background; failures are logged. Call this once no row can refer to it."""
    in_background(partial(default_storage.delete, name))


def download_url(name: str, *, file_name: str, content_type: str, seconds: int) -> str | None:
    """Return a presigned URL, or None if the storage does not sign URLs."""
    if not isinstance(default_storage, SignsUrls):
        return None
    return default_storage.download_url(name, file_name=file_name, content_type=content_type, seconds=seconds)


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
def _unavailable() -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise
    except Exception as error:
        # Each storage backend raises its own exceptions.
        logger.exception("storage_failed")
        raise StorageUnavailable from error
