"""Links to files, sharing with persons and by links, and the download log."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.files import storage
from apps.files.exceptions import FileNotAvailable, LinkNotValid, invalid
from apps.files.models import Download, Share, StoredFile
from apps.files.selectors import (
    file_list,
    link_signer,
    share_by_token,
    share_list,
    share_list_valid,
    share_list_with,
    token_hash,
)
from apps.files.services.files import owner_lock, shares_lock
from apps.users.canonical import canonical_email

if TYPE_CHECKING:
    from typing import Any
    from uuid import UUID

    from django.core.files.base import File

    from apps.users.models import User

MAX_SHARES = 50
DEFAULT_TIME = timedelta(days=7)
MAX_TIME = timedelta(days=366)


@dataclass(frozen=True)
class Link:
    """Download link that works without authentication until it expires.

    `url` is presigned, or None if the storage signs none: `token` is then for the view of the project.
    """

    url: str | None
    token: str
    expires_at: datetime


@transaction.atomic
def share_create(
    *,
    owner: User,
    file: UUID,
    email: str = "",
    expires_at: datetime | None = None,
    max_downloads: int | None = None,
) -> tuple[Share, str | None]:
    """Share a file with the account that has this email, or by a link if there is no email.

    Whether such an account exists changes nothing, which prevents account enumeration.

    Returns:
        the share, and the token of the link, which is not stored.

    Raises:
        ValidationError: the file does not exist, is shared with this person, or has too many shares; or the
            time is not within a year.
    """
    owner_lock(owner.pk)
    now = timezone.now()
    expires_at = expires_at or now + DEFAULT_TIME
    if not now < expires_at <= now + MAX_TIME:
        raise invalid("expires_at", _("The time must be within the next year."), "out_of_range")
    if email and max_downloads:
        raise invalid("max_downloads", _("Only links have a limit of downloads."), "not_a_link")
    if not file_list(owner=owner).filter(pk=file).exists():
        raise invalid("file", _("The file does not exist."), "does_not_exist")
    email = canonical_email(email) if email else ""
    others = share_list(owner=owner).filter(file=file)
    # They count no more: a constraint cannot compare with the current time.
    others.filter(expires_at__lte=now).update(revoked_at=now)
    if email and others.filter(email=email).exists():
        raise invalid("email", _("The file is shared with this person."), "unique")
    if others.count() >= MAX_SHARES:
        raise ValidationError(_("The file has too many shares. Revoke others first."), code="too_many")
    token = None if email else secrets.token_urlsafe(32)
    share = Share(
        owner=owner,
        file_id=file,
        email=email,
        token_hash=token_hash(token) if token else None,
        expires_at=expires_at,
        max_downloads=max_downloads,
    )
    share.full_clean()
    share.save(force_insert=True)
    return share, token


@transaction.atomic
def share_revoke(*, share: Share) -> None:
    """End the access of a share; the row stays for the download log until that expires."""
    Share.objects.filter(pk=share.pk, revoked_at=None).update(revoked_at=timezone.now())


@transaction.atomic
def shares_delete(**which: Any) -> None:
    """Delete shares; their entries in the download log stay."""
    shares_lock(**which)
    Share.objects.filter(**which).delete()


def file_link(*, file: StoredFile, user: User) -> Link:
    """Create a download link; for another user than the owner, log the download.

    Raises:
        FileNotAvailable: the file is not scanned yet, or contained malware.
        LinkNotValid: the file is no longer shared with the user.
    """
    if not file.is_available:
        raise FileNotAvailable
    if file.owner_id != user.pk:
        share = share_list_with(user=user).filter(file=file).first()
        if share is None:
            raise LinkNotValid
        _log(share)
    seconds = settings.FILE_LINK_SECONDS
    expires_at = timezone.now() + timedelta(seconds=seconds)
    url = storage.download_url(
        file.storage_name, file_name=file.name, content_type=file.content_type, seconds=seconds
    )
    return Link(url=url, token=link_signer.sign(str(file.pk)), expires_at=expires_at)


def share_download(*, token: str) -> tuple[StoredFile, File[Any]]:
    """Open a file that is shared by a link, and count and log the download.

    Raises:
        LinkNotValid: the token is unknown, or the share has expired, is revoked or used up.
        BlobNotFound: the blob does not exist.
        StorageUnavailable: the storage failed; the download is not counted.
    """
    share = share_by_token(token)
    content = storage.open(share.file.storage_name)
    try:
        _log(share)
    except LinkNotValid:
        content.close()
        raise
    return share.file, content


def downloads_purge(*, dry_run: bool = False) -> int:
    """Delete old entries of the download log, and shares that ended before; returns the number of entries."""
    limit = timezone.now() - timedelta(days=settings.FILE_LOG_DAYS)
    entries = Download.objects.filter(created_at__lt=limit)
    if dry_run:
        return entries.count()
    Share.objects.filter(Q(revoked_at__lt=limit) | Q(expires_at__lt=limit)).delete()
    return entries.delete()[0]


@transaction.atomic
def _log(share: Share) -> None:
    """Count and log a download. Condition and increment are one statement, so that the limit is exact."""
    if not share_list_valid().filter(pk=share.pk).update(downloads=F("downloads") + 1):
        raise LinkNotValid
    Download.objects.create(file_id=share.file_id, share=share)
