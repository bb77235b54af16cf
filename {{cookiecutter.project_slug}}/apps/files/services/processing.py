"""Virus scan and thumbnails: by a task after the upload, or during the upload without a task queue."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import structlog
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile, UploadedFile
from django.db.models import Q
from django.utils import timezone
from django.utils.module_loading import import_string

from apps.core.images import image_to_webp
from apps.files import clamd, storage
from apps.files.exceptions import BlobNotFound
from apps.files.models import StoredFile
from apps.files.selectors import file_list_unprocessed

if TYPE_CHECKING:
    from uuid import UUID

THUMBNAIL_PIXELS = (512, 512)
# A task that is older was lost, or the storage failed.
RETRY_AFTER = timedelta(minutes=10)
# In one run of `process_files`, which takes random ones, so that files that always fail block no others.
MAX_FILES = 100

logger = structlog.get_logger(__name__)


def file_queue(file: StoredFile) -> None:
    """Process a new file that needs it with the function in `FILE_QUEUE`; call this after the commit."""
    if not file.is_available or file.content_type.startswith("image/"):
        import_string(settings.FILE_QUEUE)(file.pk)
        # It may have been deleted during the scan.
        with suppress(StoredFile.DoesNotExist):
            file.refresh_from_db(fields=["status", "thumbnail_name"])


def process_inline(pk: UUID) -> None:
    """Process a file immediately; failures are logged, and `process_files` tries again."""
    try:
        file_process(pk)
    except Exception:
        logger.exception("file_not_processed", file=str(pk))


def file_process(pk: UUID) -> None:
    """Scan a file, then create the thumbnail of an image. Does nothing if this was done in the past.

    Raises:
        ScanFailed: the virus scanner failed; the file stays unavailable.
        StorageUnavailable: the storage failed.
        UnavailableError: too many images are decoded at the moment.
    """
    file = file_list_unprocessed().filter(pk=pk).first()
    if file is not None and (file.is_available or _scan(file)) and file.content_type.startswith("image/"):
        _thumbnail_create(file)


def files_process(*, everything: bool = False) -> int:
    """Process files again whose task was lost or failed; returns their number.

    Args:
        everything: all of them, also images that are older than a day, such as those from before thumbnails
            existed.
    """
    now = timezone.now()
    rows = file_list_unprocessed().filter(created_at__lt=now - RETRY_AFTER).order_by("?")
    if not everything:
        recent = Q(created_at__gt=now - timedelta(days=1)) | Q(status=StoredFile.Status.SCANNING)
        rows = rows.filter(recent)[:MAX_FILES]
    keys = list(rows.values_list("pk", flat=True))
    for pk in keys:
        process_inline(pk)
    return len(keys)


def _scan(file: StoredFile) -> bool:
    """Scan the content; deletes it if it contains malware. Returns whether the file is available."""
    try:
        with storage.open(file.storage_name) as opened:
            signature = clamd.scan(opened)
    except BlobNotFound:
        logger.warning("file_not_scanned", file=str(file.pk))
        return False
    status = StoredFile.Status.INFECTED if signature else StoredFile.Status.AVAILABLE
    unscanned = StoredFile.objects.filter(pk=file.pk, status=StoredFile.Status.SCANNING)
    changed = unscanned.update(status=status, updated_at=timezone.now())
    if signature and changed:
        logger.warning("malware_found", file=str(file.pk), signature=signature)
        storage.delete(file.storage_name)
    return signature is None


def _thumbnail_create(file: StoredFile) -> None:
    image_format = file.content_type.removeprefix("image/").upper()
    try:
        with storage.open(file.storage_name) as opened:
            source: UploadedFile[Any] = UploadedFile(opened.file, name=file.name, size=file.size)
            picture = image_to_webp(source, formats={image_format}, max_pixels=THUMBNAIL_PIXELS, mode="RGBA")
    except (BlobNotFound, ValidationError):
        logger.warning("thumbnail_not_created", file=str(file.pk))
        return
    # In the folder of the file, as the cleanup expects.
    name = storage.random_name(file.storage_name.rpartition("/")[0])
    storage.save(name, SimpleUploadedFile("thumbnail.webp", picture))
    # Another task may have been faster, or the file was deleted.
    rows = StoredFile.objects.filter(pk=file.pk, thumbnail_name="")
    if not rows.update(thumbnail_name=name):
        storage.delete(name)
