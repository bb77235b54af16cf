"""Signal receivers."""

from typing import Any

import structlog
from axes.signals import user_locked_out
from django.contrib.auth import user_logged_in
from django.db import transaction
from django.db.models.signals import post_delete
from django.dispatch import receiver
from django.http import HttpRequest

from apps.users.authentication import network_remember
from apps.users.models import User

logger = structlog.get_logger(__name__)


@receiver(user_locked_out)
def log_lockout(**_kwargs: Any) -> None:
    """Log a lockout without personal data; the table of django-axes has the details."""
    logger.warning("login_locked_out")


@receiver(user_logged_in)
def remember_network(request: HttpRequest | None, user: User, **_kwargs: Any) -> None:
    """Exempt the network of a successful login from the account limit."""
    if request is not None:
        network_remember(request, user.email)


@receiver(post_delete, sender=User)
def remove_avatar(instance: User, **_kwargs: Any) -> None:
    """Delete the avatar file of a deleted user."""
    name, storage = instance.avatar.name, instance.avatar.storage
    if name:
        transaction.on_commit(lambda: storage.delete(name), robust=True)
