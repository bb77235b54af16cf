"""Writes: uploads, links, and what is left of files."""

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
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.exceptions import NotAuthenticated

from apps.core.validators import validate_file_name, validate_size
from apps.files import objects
from apps.files.content_validation import validate_content
from apps.files.models import StoredFile
from apps.files.selectors import bytes_stored, file_list, link_signer
from apps.users.models import User

if TYPE_CHECKING:
    from django.core.files.uploadedfile import UploadedFile

# An object without a row may belong to an upload that is not finished.
GRACE = timedelta(days=1)

logger = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Link:
    """An address that whoever has it can download a file from, until it expires."""

    url: str
    expires_at: datetime


@dataclass
class Cleanup:
    """What a look through the storage found."""

    removed: int = 0
    failed: int = 0
    missing: int = 0


def file_create(*, owner: User, file: UploadedFile[Any]) -> StoredFile:
    """Store an upload that is what its name says.

    Call it outside of any transaction: if one around it were rolled back, the object would stay.

    Raises:
        ValidationError: empty, too large, of a kind that is not allowed, not what its name says, or more than
            the quota of its owner.
        NotAuthenticated: the account was deleted meanwhile.
        StorageUnavailable: the storage does not take it.
    """
    row = StoredFile(owner=owner, **_described(owner, file), storage_name=objects.object_name())
    try:
        objects.object_write(row.storage_name, file)
        _insert(row)
    except (InterfaceError, OperationalError):
        # The connection may have gone after the commit: the object stays, and `strays_remove` will tell.
        raise
    except BaseException:
        # Also what ends the process in order: nothing refers to the object. A storage that is away is not
        # waited for a second time.
        objects.object_remove_soon(row.storage_name)
        raise
    return row


@transaction.atomic
def file_delete(*, file: StoredFile) -> None:
    """Delete a file; its object goes once nothing can bring the row back."""
    file.delete()


@transaction.atomic
def files_delete(*, owner: User) -> None:
    """Delete all files of a user."""
    file_list(owner=owner).delete()


def file_link(*, file: StoredFile) -> Link:
    """Make a link to download a file, as a path where the storage signs none itself."""
    seconds = settings.FILE_LINK_SECONDS
    expires_at = timezone.now() + timedelta(seconds=seconds)
    url = objects.object_url(
        file.storage_name, file_name=file.name, content_type=file.content_type, seconds=seconds
    )
    if url is None:
        url = reverse("v1:files:content", args=[file.pk], query={"token": link_signer.sign(str(file.pk))})
    return Link(url=url, expires_at=expires_at)


def strays_remove(*, dry_run: bool = False) -> Cleanup:
    """Remove objects that no row names, but none that may belong to an upload that is not finished.

    Args:
        dry_run: count them only.
    """
    found = Cleanup()
    for folder in objects.FOLDERS:
        stored = set(objects.objects_in(folder))
        rows = StoredFile.objects.filter(storage_name__startswith=f"{folder}/")
        named = set(rows.values_list("storage_name", flat=True))
        found.missing += len(named - stored)
        for name in sorted(stored - named):
            _remove_stray(name, found, dry_run=dry_run)
    return found


def _described(owner: User, file: UploadedFile[Any]) -> dict[str, Any]:
    """The fields of the row that follow from the upload."""
    name = unicodedata.normalize("NFC", file.name or "").strip()
    try:
        validate_file_name(name)
        validate_size(file, max_bytes=settings.FILE_MAX_BYTES)
        content_type = validate_content(file, allowed=settings.FILE_EXTENSIONS)
        # Before it is written; again when the row is.
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


# Durable: when it returns, the row is committed.
@transaction.atomic(durable=True)
def _insert(row: StoredFile) -> None:
    # Of two uploads at once the second one waits, and sees what the first one added.
    owner = User.objects.select_for_update().filter(pk=row.owner_id, is_active=True).first()
    if owner is None:
        raise NotAuthenticated
    try:
        _check_quota(owner, row.size)
    except ValidationError as error:
        raise ValidationError({"file": error.error_list}) from error
    row.full_clean()
    row.save(force_insert=True)


def _remove_stray(name: str, found: Cleanup, *, dry_run: bool) -> None:
    try:
        if default_storage.get_modified_time(name) > timezone.now() - GRACE:
            return
        if not dry_run:
            default_storage.delete(name)
        found.removed += 1
    except Exception:
        # Whatever it is, the others are looked at, and the command fails.
        logger.exception("object_left", object=name)
        found.failed += 1
