"""Signal receivers of the notifications app."""

from typing import Any

from django.dispatch import receiver

from apps.notifications.services import notifications_delete
from apps.users.models import User
from apps.users.signals import user_deleted


@receiver(user_deleted)
def delete_notifications(user: User, **_kwargs: Any) -> None:
    """Delete the notifications and preferences of a deleted account."""
    notifications_delete(user=user)
