from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.auth.models import BaseUserManager
from django.core.exceptions import ValidationError
from django.utils import timezone

from apps.core.managers import ActiveQuerySet
from apps.users.canonical import canonical_email

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from apps.users.models import User


class UserManager(BaseUserManager["User"].from_queryset(ActiveQuerySet)):  # type: ignore[misc]
    """Manager that stores and looks up emails in canonical form: one account per mailbox."""

    @classmethod
    def normalize_email(cls, email: str | None) -> str:
        return canonical_email(email or "")

    def by_email(self, email: str | None) -> QuerySet[User]:
        """Return the user with this email in any form; an empty queryset if the email is not valid."""
        try:
            users: QuerySet[User] = self.filter(email=self.normalize_email(email))
        except ValidationError:
            users = self.none()
        return users

    def get_by_natural_key(self, username: str | None) -> User:
        return self.by_email(username).get()

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        """Create an unverified user; without a password, the password is unusable.

        Raises:
            ValueError: the email is empty.
            ValidationError: the email is not valid.
        """
        if not email:
            raise ValueError("The email must be set.")
        user: User = self.model(email=self.normalize_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        fields = {"is_staff": True, "is_superuser": True, "email_verified_at": timezone.now(), **fields}
        return self.create_user(email, password, **fields)
