"""Signal receivers of the files app."""

from functools import partial
from typing import Any

from django.db import transaction
from django.db.models.signals import post_delete
from django.dispatch import receiver

from apps.files import storage
from apps.files.models import StoredFile, Upload
from apps.files.services.files import files_delete
from apps.users.models import User
from apps.users.signals import user_deleted


@receiver(user_deleted)
def delete_files(user: User, **_kwargs: Any) -> None:
    """Delete the files of a deleted account."""
    files_delete(owner=user)


@receiver(post_delete, sender=StoredFile)
@receiver(post_delete, sender=Upload)
def delete_blobs(instance: StoredFile | Upload, **_kwargs: Any) -> None:
    """Delete the blobs after commit, whether the row was deleted here, in the admin or by a cascade."""
    for name in filter(None, (instance.storage_name, getattr(instance, "thumbnail_name", ""))):
        transaction.on_commit(partial(storage.delete, name), robust=True)
