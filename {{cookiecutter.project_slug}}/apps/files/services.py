"""Services: uploads, download links, deletion, and cleanup of orphaned blobs."""

from __future__ import annotations

import hashlib
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import structlog
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.storage import default_storage
from django.db import InterfaceError, OperationalError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.core.validators import validate_file_name, validate_size
from apps.files import storage
from apps.files.content_validation import validate_content
from apps.files.models import StoredFile
from apps.files.selectors import bytes_stored, file_list, link_signer
from apps.users.exceptions import InvalidToken
from apps.users.models import User

if TYPE_CHECKING:
    from django.core.files.uploadedfile import UploadedFile

# A younger blob without a row may belong to an upload in progress.
GRACE = timedelta(days=1)

logger = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Link:
    """Download link that works without authentication until it expires.

    Attributes:
        url: a presigned URL; None if the storage does not sign URLs.
        token: the credential for the project's own view.
    """

    url: str | None
    token: str
    expires_at: datetime


@dataclass
class Cleanup:
    """Result of a storage cleanup."""

    deleted: int = 0
    failed: int = 0
    missing: int = 0


def file_create(*, owner: User, file: UploadedFile[Any]) -> StoredFile:
    """Validate and store an upload.

    Call this outside of any transaction: the rollback of an outer transaction would leave the blob behind.

    Raises:
        ValidationError: the file is empty or too large, its extension is not allowed, its content does not
            match the extension, or the quota is exceeded.
        InvalidToken: the account was deleted during the upload.
        StorageUnavailable: the storage failed.
    """
    row = StoredFile(owner=owner, **_described(owner, file), storage_name=storage.random_name())
    try:
        storage.save(row.storage_name, file)
        _insert(row)
    except (InterfaceError, OperationalError):
        # The commit may have succeeded before the connection broke: keep the blob for `orphans_delete`.
        raise
    except BaseException:
        # BaseException: also on shutdown. No row refers to the blob. Deleted in the background, since an
        # unavailable storage would block the request a second time.
        storage.delete(row.storage_name)
        raise
    return row


@transaction.atomic
def file_delete(*, file: StoredFile) -> None:
    """Delete a file; its blob is deleted after commit."""
    file.delete()


@transaction.atomic
def files_delete(*, owner: User) -> None:
    """Delete all files of a user."""
    file_list(owner=owner).delete()


def file_link(*, file: StoredFile) -> Link:
    """Create a download link: a presigned URL if the storage signs URLs, and a token."""
    seconds = settings.FILE_LINK_SECONDS
    expires_at = timezone.now() + timedelta(seconds=seconds)
    url = storage.download_url(
        file.storage_name, file_name=file.name, content_type=file.content_type, seconds=seconds
    )
    return Link(url=url, token=link_signer.sign(str(file.pk)), expires_at=expires_at)


def orphans_delete(*, dry_run: bool = False) -> Cleanup:
    """Delete orphaned blobs, except those that may belong to an upload in progress.

    Args:
        dry_run: only count them.
    """
    found = Cleanup()
    for folder in storage.FOLDERS:
        stored = set(storage.names_in(folder))
        rows = StoredFile.objects.filter(storage_name__startswith=f"{folder}/")
        named = set(rows.values_list("storage_name", flat=True))
        found.missing += len(named - stored)
        for name in sorted(stored - named):
            _delete_orphan(name, found, dry_run=dry_run)
    return found


def _described(owner: User, file: UploadedFile[Any]) -> dict[str, Any]:
    """Validate the upload and return the model fields that are derived from it."""
    name = unicodedata.normalize("NFC", file.name or "").strip()
    try:
        validate_file_name(name)
        validate_size(file, max_bytes=settings.FILE_MAX_BYTES)
        content_type = validate_content(file, allowed=settings.FILE_EXTENSIONS)
        # Fails early; `_insert` checks again under a lock.
        _check_quota(owner, file.size or 0)
    except ValidationError as error:
        raise ValidationError({"file": error.error_list}) from error
    digest = hashlib.sha256()
    for chunk in file.chunks():
        digest.update(chunk)
    return {"name": name, "size": file.size, "content_type": content_type, "checksum": digest.hexdigest()}


def _check_quota(owner: User, size: int) -> None:
    if bytes_stored(owner=owner) + size > settings.FILE_QUOTA_BYTES:
        message = _("This file would exceed your quota of %(max)d bytes.")
        raise ValidationError(message, code="quota", params={"max": settings.FILE_QUOTA_BYTES})


# Durable: the row is committed on return.
@transaction.atomic(durable=True)
def _insert(row: StoredFile) -> None:
    # The lock serializes concurrent uploads, so that each sees the bytes of the previous one.
    owner = User.objects.select_for_update().filter(pk=row.owner_id, is_active=True).first()
    if owner is None:
        raise InvalidToken
    try:
        _check_quota(owner, row.size)
    except ValidationError as error:
        raise ValidationError({"file": error.error_list}) from error
    row.full_clean()
    row.save(force_insert=True)


def _delete_orphan(name: str, found: Cleanup, *, dry_run: bool) -> None:
    try:
        if default_storage.get_modified_time(name) > timezone.now() - GRACE:
            return
        if not dry_run:
            default_storage.delete(name)
        found.deleted += 1
    except Exception:
        # Continue with the other blobs; the command fails at the end.
        logger.exception("blob_not_deleted", blob=name)
        found.failed += 1
