"""Signal receivers of the shop."""

from typing import Any

from django.dispatch import receiver

from apps.shop.services.accounts import user_data_remove
from apps.users.models import User
from apps.users.signals import user_deleted


@receiver(user_deleted)
def remove_user_data(user: User, **_kwargs: Any) -> None:
    """Remove the personal data of a deleted account."""
    user_data_remove(user=user)
