"""The bytes of files: objects in the default storage, under names that nobody can guess.

They are no part of a transaction. What was written for a row that does not come to be is taken back by hand;
what could not be removed is found by `manage.py files_cleanup`.
"""

from __future__ import annotations

import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import structlog
from django.core.files.base import File
from django.core.files.storage import default_storage

from apps.files.exceptions import StorageUnavailable
from infrastructure.background import in_background

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.core.files.uploadedfile import UploadedFile

# Two digits of a name are its folder, so that no list of names is long.
FOLDERS = [f"files/{number:02x}" for number in range(256)]

logger = structlog.get_logger(__name__)


@runtime_checkable
class SignsLinks(Protocol):
    """A storage that hands out its objects itself, by links that it signs."""

    def download_url(self, name: str, *, file_name: str, content_type: str, seconds: int) -> str:
        """The address of an object, good for so many seconds, which a browser saves and does not show."""


def object_name() -> str:
    """A new name. Nothing of the sender is in it, no extension either, that a server could act upon."""
    name = uuid.uuid4().hex
    return f"files/{name[:2]}/{name}"


def object_write(name: str, file: UploadedFile[Any]) -> None:
    """Write an upload, as bytes of no type: not what the sender called it.

    Raises:
        StorageUnavailable: the storage does not take it.
    """
    with _unavailable():
        default_storage.save(name, File(file.file))


def object_open(name: str) -> File[bytes]:
    """Open an object to read it.

    Raises:
        FileNotFoundError: there is none.
        StorageUnavailable: the storage does not hand it out.
    """
    with _unavailable():
        return default_storage.open(name)


def object_discard(name: str) -> None:
    """Remove an object, or log that it is left."""
    try:
        default_storage.delete(name)
    except Exception:
        # Whatever the storage raises: who calls has a failure of its own to tell.
        logger.exception("object_left", object=name)


def object_remove_soon(name: str) -> None:
    """Remove an object without the caller waiting; call it when no row can refer to it any more."""
    in_background(lambda: object_discard(name))


def object_url(name: str, *, file_name: str, content_type: str, seconds: int) -> str | None:
    """The address of an object where the storage signs links itself, else None."""
    if not isinstance(default_storage, SignsLinks):
        return None
    return default_storage.download_url(name, file_name=file_name, content_type=content_type, seconds=seconds)


@contextmanager
def _unavailable() -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise
    except Exception as error:
        # Each storage has exceptions of its own.
        logger.exception("storage_failed")
        raise StorageUnavailable from error


def objects_in(folder: str) -> Iterator[str]:
    """The names of all objects in one of `FOLDERS`."""
    try:
        _folders, names = default_storage.listdir(folder)
    except FileNotFoundError:
        return
    for name in names:
        # Some storages give the whole name, others its last part.
        yield f"{folder}/{name.rsplit('/', 1)[-1]}"
