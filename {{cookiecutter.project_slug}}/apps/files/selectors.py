"""Selectors: reads that do not depend on the request."""

from uuid import UUID

from django.conf import settings
from django.core.signing import BadSignature, TimestampSigner
from django.db.models import QuerySet, Sum

from apps.files.models import StoredFile
from apps.users.models import User

# Signs links where the storage does not sign URLs.
link_signer = TimestampSigner(salt="apps.files.link")


def file_list(*, owner: User) -> QuerySet[StoredFile]:
    """Return the files of a user."""
    return StoredFile.objects.filter(owner=owner)


def bytes_stored(*, owner: User) -> int:
    """Return how many bytes of the quota a user has used."""
    total = StoredFile.objects.filter(owner=owner).aggregate(total=Sum("size"))["total"]
    return int(total or 0)


def file_by_link(*, key: UUID, token: str) -> StoredFile | None:
    """Return the file of a signed link, or None if it was deleted.

    Raises:
        BadSignature: the token belongs to another file or has expired.
    """
    if link_signer.unsign(token, max_age=settings.FILE_LINK_SECONDS) != str(key):
        raise BadSignature
    return StoredFile.objects.filter(pk=key).first()
