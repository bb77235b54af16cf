"""Thumbnails, made by a task after the upload, or during the upload in projects without a task queue."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO
from typing import TYPE_CHECKING, Any

import structlog
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile, UploadedFile
from django.utils import timezone
from django.utils.module_loading import import_string

from apps.core.images import image_read
from apps.files import storage
from apps.files.models import StoredFile
from apps.files.selectors import file_list_unprocessed

if TYPE_CHECKING:
    from uuid import UUID

    from PIL.Image import Image

THUMBNAIL_PIXELS = (512, 512)
# A task that is older was lost, or the storage failed.
RETRY_AFTER = timedelta(minutes=10)

logger = structlog.get_logger(__name__)


def file_queue(file: StoredFile) -> None:
    """Process a new file that needs it with the function in `FILE_QUEUE`; call this after the commit."""
    if file.content_type.startswith("image/"):
        import_string(settings.FILE_QUEUE)(file.pk)
        file.refresh_from_db(fields=["thumbnail_name"])


def process_inline(pk: UUID) -> None:
    """Process a file immediately; failures are logged, and `process_files` tries again."""
    try:
        file_process(pk)
    except Exception:
        logger.exception("file_not_processed", file=str(pk))


def file_process(pk: UUID) -> None:
    """Create the thumbnail of an image. Does nothing if the file was deleted or processed in the past.

    Raises:
        StorageUnavailable: the storage failed.
        UnavailableError: too many images are decoded at the moment.
    """
    file = file_list_unprocessed().filter(pk=pk).first()
    if file is not None:
        _thumbnail_create(file)


def files_process(*, everything: bool = False) -> int:
    """Process files again whose task was lost or failed; returns their number.

    Args:
        everything: also images that are older than a day, such as those from before thumbnails existed.
    """
    now = timezone.now()
    rows = file_list_unprocessed().filter(created_at__lt=now - RETRY_AFTER)
    if not everything:
        rows = rows.filter(created_at__gt=now - timedelta(days=1))
    keys = list(rows.values_list("pk", flat=True))
    for pk in keys:
        process_inline(pk)
    return len(keys)


def _thumbnail_create(file: StoredFile) -> None:
    try:
        with storage.open(file.storage_name) as opened:
            picture = _thumbnail(file, opened.file)
    except (FileNotFoundError, ValidationError):
        logger.warning("thumbnail_not_created", file=str(file.pk))
        return
    name = storage.random_name()
    storage.save(name, SimpleUploadedFile("thumbnail.webp", picture))
    # Another task may have been faster, or the file was deleted.
    rows = StoredFile.objects.filter(pk=file.pk, thumbnail_name="")
    if not rows.update(thumbnail_name=name):
        storage.delete(name)


def _thumbnail(file: StoredFile, content: Any) -> bytes:
    """Return the first frame, scaled and re-encoded, with limits on pixels and memory."""
    from PIL import ImageOps  # noqa: PLC0415 - 40 ms at start-up that only images need

    def scale(image: Image) -> Image:
        # Scale before transposing and converting, which copy every pixel.
        image.thumbnail(THUMBNAIL_PIXELS)
        return ImageOps.exif_transpose(image).convert("RGBA")

    source: UploadedFile[Any] = UploadedFile(content, name=file.name, size=file.size)
    image_format = file.content_type.removeprefix("image/").upper()
    buffer = BytesIO()
    image_read(source, formats={image_format}, read=scale).save(buffer, format="WEBP", quality=80)
    return buffer.getvalue()
