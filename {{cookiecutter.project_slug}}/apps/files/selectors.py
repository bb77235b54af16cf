"""Reads. They know no request and return querysets or values."""

from uuid import UUID

from django.conf import settings
from django.core.signing import BadSignature, TimestampSigner
from django.db.models import QuerySet, Sum

from apps.files.models import StoredFile
from apps.users.models import User

# For links of storages that sign none.
link_signer = TimestampSigner(salt="apps.files.link")


def file_list(*, owner: User) -> QuerySet[StoredFile]:
    """The files of one user."""
    return StoredFile.objects.filter(owner=owner)


def bytes_stored(*, owner: User) -> int:
    """How much of their quota a user has used."""
    total = StoredFile.objects.filter(owner=owner).aggregate(total=Sum("size"))["total"]
    return int(total or 0)


def file_by_link(*, key: UUID, token: str) -> StoredFile | None:
    """The file that a signed link leads to; None if it was deleted since.

    Raises:
        BadSignature: the token is not for this file, or is too old.
    """
    if link_signer.unsign(token, max_age=settings.FILE_LINK_SECONDS) != str(key):
        raise BadSignature
    return StoredFile.objects.filter(pk=key).first()
