"""Create and delete files, with the locks and checks of all changes."""

from __future__ import annotations

import hashlib
import unicodedata
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import InterfaceError, OperationalError, transaction
from django.utils.translation import gettext as _

from apps.core.validators import validate_file_name, validate_size
from apps.files import storage
from apps.files.content_validation import validate_content
from apps.files.exceptions import UploadBusy, errors_of, invalid
from apps.files.metadata import metadata_removed
from apps.files.models import Folder, Share, StoredFile, Upload
from apps.files.selectors import bytes_stored, file_list, folder_list
from apps.files.services.processing import file_queue
from apps.users.exceptions import InvalidToken
from apps.users.models import User

if TYPE_CHECKING:
    from uuid import UUID

    from django.core.files.uploadedfile import UploadedFile


def file_create(
    *, owner: User, file: UploadedFile[Any], folder: UUID | None = None, upload: Upload | None = None
) -> StoredFile:
    """Validate and store a file, in the folder with this key, in place of a completed upload.

    Call this outside of any transaction: the rollback of an outer transaction would leave the blob behind.

    Raises:
        ValidationError: the file is empty or too large, its extension is not allowed, its content does not
            match the extension, the quota is exceeded, or the folder does not exist or has such a file.
        InvalidToken: the account was deleted during the upload.
        StorageUnavailable: the storage failed.
    """
    name = name_normalized(file.name or "", field="file")
    with errors_of("file"):
        validate_size(file, max_bytes=settings.FILE_UPLOAD_MAX_BYTES if upload else settings.FILE_MAX_BYTES)
        content_type = validate_content(file, allowed=settings.FILE_EXTENSIONS)
        if not upload:
            # Fails early; `_insert` checks again under a lock.
            quota_check(owner, file.size or 0)
    with metadata_removed(file, content_type) as clean:
        clean.seek(0)
        row = StoredFile(
            owner=owner,
            folder=folder_get(owner, folder),
            name=name,
            size=clean.size or 0,
            content_type=content_type,
            checksum=hashlib.file_digest(clean, "sha256").hexdigest(),
            storage_name=storage.random_name(),
            status=StoredFile.Status.SCANNING if settings.CLAMD_URL else StoredFile.Status.AVAILABLE,
        )
        _store(row, clean, upload)
    file_queue(row)
    return row


def _store(row: StoredFile, file: UploadedFile[Any], upload: Upload | None) -> None:
    try:
        storage.save(row.storage_name, file)
        _insert(row, upload)
    except (InterfaceError, OperationalError):
        # The commit may have succeeded before the connection broke: keep the blob for `orphans_delete`.
        raise
    except BaseException:
        # BaseException: also on shutdown. No row refers to the blob. Deleted in the background, since an
        # unavailable storage would block the request a second time.
        storage.delete(row.storage_name)
        raise


@transaction.atomic
def file_delete(*, file: StoredFile) -> None:
    """Delete a file; its blob is deleted after commit."""
    owner_lock(file.owner_id)
    shares_lock(file=file)
    file.delete()


@transaction.atomic
def files_delete(*, owner: User) -> None:
    """Delete all files, uploads and folders of a user."""
    shares_lock(owner=owner)
    file_list(owner=owner).delete()
    folder_list(owner=owner).delete()
    Upload.objects.filter(owner=owner).delete()


def quota_check(owner: User, size: int) -> None:
    """Check that a file of this size fits into the quota; raises ValidationError."""
    if bytes_stored(owner=owner) + size > settings.FILE_QUOTA_BYTES:
        message = _("This file would exceed your quota of %(max)d bytes.")
        raise ValidationError(message, code="quota", params={"max": settings.FILE_QUOTA_BYTES})


def owner_lock(pk: UUID) -> User:
    """Lock a user, whose quota and names then change one after another; raises InvalidToken if deleted."""
    owner: User | None = User.objects.select_for_update().filter(pk=pk, is_active=True).first()
    if owner is None:
        raise InvalidToken
    return owner


def shares_lock(**which: Any) -> None:
    """Lock shares before their deletion: a download that was logged during it would violate a constraint."""
    list(Share.objects.select_for_update().filter(**which).order_by("pk").values_list("pk"))


def folder_get(owner: User, pk: UUID | None, *, field: str = "folder") -> Folder | None:
    """Return a folder of the owner; raises ValidationError if it does not exist."""
    if pk is None:
        return None
    folder = folder_list(owner=owner).filter(pk=pk).first()
    if folder is None:
        raise invalid(field, _("The folder does not exist."), "does_not_exist")
    return folder


def name_normalized(name: str, *, field: str = "name") -> str:
    """Return a name in the form that is stored; raises ValidationError."""
    name = unicodedata.normalize("NFC", name).strip()
    with errors_of(field):
        validate_file_name(name)
    return name


def name_check(row: StoredFile | Upload | Folder) -> None:
    """Check that the name is unique in the folder, with the owner locked; raises ValidationError."""
    if isinstance(row, Folder):
        rows = Folder.objects.filter(owner=row.owner_id, parent=row.parent_id)
    elif row.folder_id:
        rows = StoredFile.objects.filter(folder=row.folder_id)  # type: ignore[assignment]
    else:
        return
    if rows.filter(name=row.name).exclude(pk=row.pk).exists():
        raise invalid("name", _("The folder already contains this name."), "unique")


# Durable: the row is committed on return.
@transaction.atomic(durable=True)
def _insert(row: StoredFile, upload: Upload | None) -> None:
    # The lock serializes concurrent uploads, so that each sees the bytes of the previous one.
    owner = owner_lock(row.owner_id)
    if upload and not Upload.objects.filter(pk=upload.pk).delete()[0]:
        raise UploadBusy
    with errors_of("file"):
        quota_check(owner, row.size)
    # It may have been deleted during the upload.
    row.folder = folder_get(owner, row.folder_id)
    name_check(row)
    row.full_clean()
    row.save(force_insert=True)
