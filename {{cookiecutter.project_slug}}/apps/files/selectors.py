"""Selectors: reads that do not depend on the request."""

import hashlib
from contextlib import suppress
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.core.signing import BadSignature, TimestampSigner
from django.db.models import F, Q, QuerySet, Sum
from django.utils import timezone

from apps.files.exceptions import LinkNotValid
from apps.files.models import Download, Folder, Share, StoredFile, Upload
from apps.users.models import User

# Validating the content of an upload takes less time.
CLAIM = timedelta(minutes=10)
# Signs links where the storage does not sign URLs.
link_signer = TimestampSigner(salt="apps.files.link")


def file_list(*, owner: User) -> QuerySet[StoredFile]:
    """Return the files of a user."""
    return StoredFile.objects.filter(owner=owner)


def file_list_unprocessed() -> QuerySet[StoredFile]:
    """Return files that were not scanned, and images without a thumbnail."""
    image = Q(status=StoredFile.Status.AVAILABLE, content_type__startswith="image/", thumbnail_name="")
    return StoredFile.objects.filter(Q(status=StoredFile.Status.SCANNING) | image)


def share_list(*, owner: User) -> QuerySet[Share]:
    """Return the shares of a user's files that are not revoked."""
    return Share.objects.filter(owner=owner, revoked_at=None)


def share_list_valid() -> QuerySet[Share]:
    """Return the shares that give access now."""
    left = Q(max_downloads=None) | Q(downloads__lt=F("max_downloads"))
    return Share.objects.filter(left, revoked_at=None, expires_at__gt=timezone.now())


def share_list_with(*, user: User) -> QuerySet[Share]:
    """Return the valid shares with a person; an email that is not verified may belong to another person."""
    return _with_file(share_list_valid()).filter(email=user.email if user.is_verified else None)


def share_by_token(token: str) -> Share:
    """Return the valid share of a link; raises LinkNotValid."""
    shares = _with_file(share_list_valid()).select_related("file")
    share = shares.filter(token_hash=token_hash(token)).first()
    if share is None:
        raise LinkNotValid
    return share


def _with_file(shares: QuerySet[Share]) -> QuerySet[Share]:
    """Exclude shares of deactivated owners, and of files that are not available."""
    return shares.filter(owner__is_active=True, file__status=StoredFile.Status.AVAILABLE)


def token_hash(token: str) -> str:
    """Return the stored form of a token. It is random, so that it needs no slow hash."""
    return hashlib.sha256(token.encode()).hexdigest()


def file_list_shared(*, user: User) -> QuerySet[StoredFile]:
    """Return the files of others that are shared with a user."""
    shared = share_list_with(user=user).values("file")
    return StoredFile.objects.filter(pk__in=shared).exclude(owner=user)


def file_list_readable(*, user: User) -> QuerySet[StoredFile]:
    """Return the files that a user may download."""
    return StoredFile.objects.filter(Q(owner=user) | Q(pk__in=share_list_with(user=user).values("file")))


def download_list(*, file: StoredFile) -> QuerySet[Download]:
    """Return the download log of a file."""
    return Download.objects.filter(file=file).select_related("share")


def folder_list(*, owner: User) -> QuerySet[Folder]:
    """Return the folders of a user."""
    return Folder.objects.filter(owner=owner)


def bytes_stored(*, owner: User) -> int:
    """Return how many bytes of the quota a user has used; uploads in progress count with their full size."""
    sizes = (
        StoredFile.objects.filter(owner=owner).exclude(status=StoredFile.Status.INFECTED),
        Upload.objects.filter(owner=owner),
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
    """Return the file of a signed link, or None if it was deleted or is not available.

    Raises:
        LinkNotValid: the token belongs to another file or has expired.
    """
    with suppress(BadSignature):
        if link_signer.unsign(token, max_age=settings.FILE_LINK_SECONDS) == str(key):
            return StoredFile.objects.filter(pk=key, status=StoredFile.Status.AVAILABLE).first()
    raise LinkNotValid
