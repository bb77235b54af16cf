"""Uploads of large files in several requests: to the bucket with a signed request, or in chunks to the disk.

Both ways write to a name that nothing else refers to. `upload_complete` validates this content and stores it
under another name, because a signed request stays valid and could replace content that was validated.
"""

from __future__ import annotations

from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.core.validators import extension_of, validate_extension, validate_size
from apps.files import storage
from apps.files.content_validation import FILE_TYPES
from apps.files.exceptions import BlobNotFound, UploadBusy, UploadIncomplete, WrongOffset, errors_of
from apps.files.models import StoredFile, Upload
from apps.files.selectors import upload_list, upload_list_expired, upload_list_unclaimed
from apps.files.services.files import (
    file_create,
    folder_get,
    name_check,
    name_normalized,
    owner_lock,
    quota_check,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

    from apps.users.models import User

# Uploads in progress of one user.
MAX_UPLOADS = 20


def upload_create(*, owner: User, name: str, size: int, folder: UUID | None = None) -> Upload:
    """Reserve space in the quota for a file that is uploaded later.

    Raises:
        ValidationError: the name, the extension or the size is not allowed, the quota is exceeded, the
            folder does not exist or has such a file, or the user has too many uploads in progress.
    """
    name = name_normalized(name)
    described: UploadedFile[Any] = UploadedFile(name=name, size=size)
    with errors_of("name"):
        validate_extension(described, allowed=settings.FILE_EXTENSIONS)
    with errors_of("size"):
        validate_size(described, max_bytes=settings.FILE_UPLOAD_MAX_BYTES)
    upload = Upload(
        owner=owner,
        name=name,
        size=size,
        content_type=FILE_TYPES[extension_of(name)].content_type,
        storage_name=storage.random_name(storage.UPLOADS),
        expires_at=timezone.now() + timedelta(seconds=settings.FILE_UPLOAD_SECONDS),
    )
    with transaction.atomic():
        owner_lock(owner.pk)
        upload_list_expired().filter(owner=owner).delete()
        with errors_of("size"):
            quota_check(owner, size)
        if upload_list(owner=owner).count() >= MAX_UPLOADS:
            raise ValidationError(_("Complete or abort your other uploads first."), code="too_many")
        upload.folder = folder_get(owner, folder)
        name_check(upload)
        upload.full_clean()
        upload.save(force_insert=True)
    return upload


def upload_request(*, upload: Upload) -> dict[str, Any] | None:
    """Return the signed request that uploads the content, or None if it is uploaded in chunks."""
    seconds = int((upload.expires_at - timezone.now()).total_seconds())
    return storage.upload_request(
        upload.storage_name, size=upload.size, content_type=upload.content_type, seconds=max(1, seconds)
    )


@transaction.atomic
def upload_write(*, upload: Upload, offset: int, chunk: bytes) -> int:
    """Write the next chunk to the disk; returns the new offset.

    The update locks the row until the chunk is written, so that one request writes at a time. If writing
    fails, the offset is rolled back and the same chunk can be sent again.

    Raises:
        WrongOffset: the chunk does not begin at the current offset, or exceeds the size.
        StorageUnavailable: the storage failed.
    """
    end = offset + len(chunk)
    rows = upload_list_unclaimed().filter(pk=upload.pk, offset=offset, size__gte=end)
    if not chunk or storage.signs_uploads() or not rows.update(offset=end, updated_at=timezone.now()):
        raise WrongOffset
    storage.write_at(upload.storage_name, offset=offset, chunk=chunk)
    return end


def upload_complete(*, upload: Upload) -> StoredFile:
    """Validate the uploaded content and create the file. The upload is deleted if the content is not valid.

    It is kept if its folder was deleted or has got such a file: the client can complete it after a change.

    Raises:
        UploadIncomplete: the content is incomplete; the upload can be continued.
        UploadBusy: another request completes it.
        ValidationError: the content is not valid, or the folder was deleted or has such a file.
        InvalidToken: the account was deleted.
        UnavailableError: the storage failed or the server is busy; try again.
    """
    if not upload_list_unclaimed().filter(pk=upload.pk).update(claimed_at=timezone.now()):
        raise UploadBusy
    try:
        # Before the content is read.
        name_check(upload)
        with _content(upload) as file:
            return file_create(owner=upload.owner, file=file, folder=upload.folder_id, upload=upload)
    except ValidationError as error:
        if {"folder", "name"}.isdisjoint(getattr(error, "error_dict", {})):
            upload_abort(upload=upload)
        raise
    finally:
        # Matches no row after a success.
        Upload.objects.filter(pk=upload.pk).update(claimed_at=None)


@transaction.atomic
def upload_abort(*, upload: Upload) -> None:
    """Delete an upload; its blob is deleted after commit."""
    upload.delete()


@contextmanager
def _content(upload: Upload) -> Iterator[UploadedFile[Any]]:
    """Open the uploaded content, whose size must be the declared one."""
    try:
        size = storage.size(upload.storage_name)
    except BlobNotFound as error:
        raise UploadIncomplete from error
    if size < upload.size:
        raise UploadIncomplete
    if size > upload.size:
        raise ValidationError(_("The content is larger than declared."), code="size")
    with storage.open(upload.storage_name) as opened:
        # With buckets, a temporary file.
        content: Any = opened.file
        yield UploadedFile(content, name=upload.name, size=content.seek(0, 2))
