from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.auth.models import BaseUserManager
from django.utils import timezone

from apps.core.managers import ActiveQuerySet

if TYPE_CHECKING:
    from apps.users.models import User


class UserManager(BaseUserManager["User"].from_queryset(ActiveQuerySet)):  # type: ignore[misc]
    """Addresses are the logins: stored in lower case, so that nobody has two accounts for one mailbox."""

    @classmethod
    def normalize_email(cls, email: str | None) -> str:
        return (email or "").strip().lower()

    def get_by_natural_key(self, username: str | None) -> User:
        user: User = self.get(email=self.normalize_email(username))
        return user

    async def aget_by_natural_key(self, username: str | None) -> User:
        user: User = await self.aget(email=self.normalize_email(username))
        return user

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        """Create a user whose address is not verified; without a password nobody can log in as them.

        Raises:
            ValueError: the address is empty.
        """
        if not email:
            raise ValueError("A user needs an e-mail address.")
        user: User = self.model(email=self.normalize_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        fields = {"is_staff": True, "is_superuser": True, "email_verified_at": timezone.now(), **fields}
        return self.create_user(email, password, **fields)
