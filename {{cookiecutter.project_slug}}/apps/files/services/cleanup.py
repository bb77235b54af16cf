"""Cleanup of the storage: orphaned blobs and expired uploads."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import structlog
from django.core.files.storage import default_storage
from django.utils import timezone

from apps.files import storage
from apps.files.models import StoredFile, Upload
from apps.files.selectors import upload_list_expired

# A younger blob without a row may belong to an upload in progress, or to a signed URL that is still valid.
GRACE = timedelta(days=1)

logger = structlog.get_logger(__name__)


@dataclass
class Cleanup:
    """Result of a storage cleanup."""

    deleted: int = 0
    failed: int = 0
    missing: int = 0


def uploads_purge(*, dry_run: bool = False) -> int:
    """Delete expired uploads with their blobs; returns their number."""
    expired = upload_list_expired()
    return expired.count() if dry_run else expired.delete()[1].get("files.Upload", 0)


def orphans_delete(*, dry_run: bool = False) -> Cleanup:
    """Delete or count orphaned blobs, except those that may belong to an upload in progress."""
    found = Cleanup()
    for folder in storage.FOLDERS:
        stored = set(storage.names_in(folder))
        rows = StoredFile.objects.filter(storage_name__startswith=f"{folder}/")
        named = set()
        for blob, thumbnail, status in rows.values_list("storage_name", "thumbnail_name", "status"):
            named |= {blob, thumbnail}
            found.missing += blob not in stored and status != StoredFile.Status.INFECTED
        _delete_orphans(stored - named, found, dry_run=dry_run)
    uploads = set(Upload.objects.values_list("storage_name", flat=True))
    _delete_orphans(set(storage.names_in(storage.UPLOADS)) - uploads, found, dry_run=dry_run)
    return found


def _delete_orphans(names: set[str], found: Cleanup, *, dry_run: bool) -> None:
    for name in sorted(names):
        try:
            if default_storage.get_modified_time(name) > timezone.now() - GRACE:
                continue
            if not dry_run:
                default_storage.delete(name)
            found.deleted += 1
        except Exception:
            # Continue with the other blobs; the command fails at the end.
            logger.exception("blob_not_deleted", blob=name)
            found.failed += 1
