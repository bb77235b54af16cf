"""Signal receivers of the search."""

from typing import Any

from django.db.models import Model
from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver

from apps.search.registry import SOURCES
from apps.search.services.entries import entries_delete, entries_schedule
from apps.users.models import User
from apps.users.signals import user_deleted


def connect_sources() -> None:
    """Update the index after changes of the registered models."""
    for source in SOURCES.values():
        for signal in (post_save, post_delete):
            signal.connect(update_entry, sender=source.model, dispatch_uid="search")


def update_entry(sender: type[Model], instance: Model, **_kwargs: Any) -> None:
    entries_schedule(sender, instance.pk)


@receiver(user_deleted)
def delete_entries(user: User, **_kwargs: Any) -> None:
    """Delete the private entries of a deleted account."""
    entries_delete(owner=user)
