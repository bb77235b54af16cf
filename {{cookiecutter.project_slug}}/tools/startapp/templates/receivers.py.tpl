"""Receivers of signals of other apps."""

from typing import Any

from django.dispatch import receiver

from apps.{{ app }}.services import {{ names }}_delete
from apps.users.models import User
from apps.users.signals import user_deleted


@receiver(user_deleted)
def delete_{{ names }}(user: User, **_kwargs: Any) -> None:
    """Delete the {{ verbose_plural }} of a deleted account."""
    {{ names }}_delete(owner=user)
