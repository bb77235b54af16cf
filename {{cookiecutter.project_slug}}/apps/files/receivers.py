"""Signal receivers of the files app."""

from functools import partial
from typing import Any

from django.db import transaction
from django.db.models.signals import post_delete, pre_save
from django.dispatch import receiver

from apps.files import storage
from apps.files.models import StoredFile, Upload
from apps.files.services.files import files_delete
from apps.files.services.shares import shares_delete
from apps.users.models import User
from apps.users.signals import user_deleted


@receiver(user_deleted)
def delete_files(user: User, **_kwargs: Any) -> None:
    """Delete the files of a deleted account."""
    files_delete(owner=user)


@receiver(pre_save, sender=User)
def delete_shares_with(instance: User, **_kwargs: Any) -> None:
    """Delete the shares with a person whose account is deleted, while the database still has the email.

    An unverified email may belong to another person.
    """
    if instance.deleted_at:
        verified = User.objects.filter(deleted_at=None, email_verified_at__isnull=False)
        before = verified.filter(pk=instance.pk).values("email")
        shares_delete(email__in=before)


@receiver(post_delete, sender=User)
def delete_shares_with_deleted(instance: User, **_kwargs: Any) -> None:
    """Delete the shares with a deleted row. An unverified email may belong to another person."""
    if instance.is_verified:
        shares_delete(email=instance.email)


@receiver(post_delete, sender=StoredFile)
@receiver(post_delete, sender=Upload)
def delete_blobs(instance: StoredFile | Upload, **_kwargs: Any) -> None:
    """Delete the blobs after commit, whether the row was deleted here, in the admin or by a cascade."""
    for name in filter(None, (instance.storage_name, getattr(instance, "thumbnail_name", ""))):
        transaction.on_commit(partial(storage.delete, name), robust=True)
