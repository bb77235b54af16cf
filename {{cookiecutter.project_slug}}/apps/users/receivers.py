"""Receivers of other apps' signals."""

from typing import Any

import structlog
from axes.signals import user_locked_out
from django.db import transaction
from django.db.models.signals import post_delete
from django.dispatch import receiver

from apps.users.models import User

logger = structlog.get_logger(__name__)


@receiver(user_locked_out)
def log_lockout(**_kwargs: Any) -> None:
    """Say that it happened; who and from where stands in the table of django-axes, not in the log."""
    logger.warning("login_locked_out")


@receiver(post_delete, sender=User)
def remove_avatar(instance: User, **_kwargs: Any) -> None:
    """The picture of a user whose row is deleted must not stay."""
    name, storage = instance.avatar.name, instance.avatar.storage
    if name:
        transaction.on_commit(lambda: storage.delete(name), robust=True)
