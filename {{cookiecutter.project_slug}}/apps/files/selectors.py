"""Selectors: reads that do not depend on the request."""

from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.core.signing import BadSignature, TimestampSigner
from django.db.models import Q, QuerySet, Sum
from django.utils import timezone

from apps.files.models import Folder, StoredFile, Upload
from apps.users.models import User

# Validating the content of an upload takes less time.
CLAIM = timedelta(minutes=10)
# Signs links where the storage does not sign URLs.
link_signer = TimestampSigner(salt="apps.files.link")


def file_list(*, owner: User) -> QuerySet[StoredFile]:
    """Return the files of a user."""
    return StoredFile.objects.filter(owner=owner)


def file_list_unprocessed() -> QuerySet[StoredFile]:
    """Return images without a thumbnail."""
    return StoredFile.objects.filter(content_type__startswith="image/", thumbnail_name="")


def folder_list(*, owner: User) -> QuerySet[Folder]:
    """Return the folders of a user."""
    return Folder.objects.filter(owner=owner)


def bytes_stored(*, owner: User, without: Upload | None = None) -> int:
    """Return how many bytes of the quota a user has used; uploads in progress count with their full size."""
    sizes = (
        StoredFile.objects.filter(owner=owner),
        Upload.objects.filter(owner=owner).exclude(pk__in=[without.pk] if without else []),
    )
    return sum(rows.aggregate(total=Sum("size"))["total"] or 0 for rows in sizes)


def upload_list(*, owner: User) -> QuerySet[Upload]:
    """Return the uploads of a user that have not expired."""
    return Upload.objects.filter(owner=owner, expires_at__gt=timezone.now())


def upload_list_unclaimed() -> QuerySet[Upload]:
    """Return the uploads that no process is validating; an old claim is that of a killed process."""
    return Upload.objects.filter(Q(claimed_at=None) | Q(claimed_at__lt=timezone.now() - CLAIM))


def upload_list_expired() -> QuerySet[Upload]:
    """Return the uploads that were not completed in time."""
    return upload_list_unclaimed().filter(expires_at__lte=timezone.now())


def file_by_link(*, key: UUID, token: str) -> StoredFile | None:
    """Return the file of a signed link, or None if it was deleted.

    Raises:
        BadSignature: the token belongs to another file or has expired.
    """
    if link_signer.unsign(token, max_age=settings.FILE_LINK_SECONDS) != str(key):
        raise BadSignature
    return StoredFile.objects.filter(pk=key).first()
