"""What happens to notifications when something else does."""

from typing import Any

from django.dispatch import receiver

from apps.notifications.services import notifications_delete
from apps.users.models import User
from apps.users.signals import user_deleted


@receiver(user_deleted)
def delete_notifications(user: User, **_kwargs: Any) -> None:
    """What a person was told goes with the account."""
    notifications_delete(user=user)
