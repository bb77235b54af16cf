import uuid
from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Lower
from django.db.models.signals import post_delete
from django.dispatch import receiver
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from apps.core.localization import language_choices, localized, validate_time_zone
from apps.core.managers import ActiveQuerySet
from apps.core.models import TimeStampedModel, UUIDModel
from apps.users.canonical import EmailFormField, canonical_email, canonical_password


def avatar_path(_instance: "User", _filename: str) -> str:
    """Return a random path that does not depend on the uploaded file name."""
    return f"avatars/{uuid.uuid4().hex}.webp"


class CanonicalEmailField(models.EmailField):  # type: ignore[type-arg] # not generic at run time
    """Email field that stores the canonical form, in models, forms and commands."""

    def clean(self, value: Any, model_instance: models.Model | None) -> Any:
        return super().clean(canonical_email(value) if value else value, model_instance)

    def formfield(self, **kwargs: Any) -> Any:
        return super().formfield(**{"form_class": EmailFormField, **kwargs})

    def deconstruct(self) -> Any:
        """Deconstruct as Django's `EmailField`, which has the same column."""
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.EmailField", args, kwargs


class UserManager(BaseUserManager["User"].from_queryset(ActiveQuerySet)):  # type: ignore[misc]
    """Manager that stores and looks up emails in canonical form: one account per mailbox."""

    @classmethod
    def normalize_email(cls, email: str | None) -> str:
        return canonical_email(email or "")

    def by_email(self, email: str | None) -> "QuerySet[User]":
        """Return the user with this email in any form; an empty queryset if the email is not valid."""
        try:
            users: QuerySet[User] = self.filter(email=self.normalize_email(email))
        except ValidationError:
            users = self.none()
        return users

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.by_email(username).get()

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
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

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        fields = {"is_staff": True, "is_superuser": True, "email_verified_at": timezone.now(), **fields}
        return self.create_user(email, password, **fields)


class User(UUIDModel, TimeStampedModel, AbstractBaseUser, PermissionsMixin):
    """User with an email as the username."""

    email = CanonicalEmailField(_("email"), unique=True)
    first_name = models.CharField(_("first name"), max_length=150, blank=True)
    last_name = models.CharField(_("last name"), max_length=150, blank=True)
    language = models.CharField(
        _("language"), max_length=20, choices=language_choices, blank=True, default="", db_default=""
    )
    timezone = models.CharField(
        _("time zone"), max_length=50, validators=[validate_time_zone], blank=True, default="", db_default=""
    )
    avatar = models.FileField(_("avatar"), upload_to=avatar_path, blank=True)
    is_staff = models.BooleanField(_("staff"), default=False, help_text=_("May log in to the admin."))
    is_active = models.BooleanField(
        _("active"), default=True, help_text=_("Deactivate accounts instead of deleting them.")
    )
    email_verified_at = models.DateTimeField(_("email verified at"), null=True, blank=True)
    session_epoch = models.PositiveIntegerField(default=0, editable=False)
    new_email = models.EmailField(_("requested email"), blank=True, editable=False)
    new_email_confirmed_by = models.CharField(max_length=3, blank=True, editable=False)
    deleted_at = models.DateTimeField(_("deleted at"), null=True, blank=True, editable=False)

    objects: ClassVar[UserManager] = UserManager()

    EMAIL_FIELD = "email"
    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        ordering = ("-created_at", "-id")
        # The default order, and partial indexes for selective filters.
        indexes = [
            models.Index(fields=["-created_at", "-id"], name="user_newest"),
            models.Index(fields=["-created_at", "-id"], condition=Q(is_staff=True), name="user_staff"),
            models.Index(fields=["-created_at", "-id"], condition=Q(is_active=False), name="user_inactive"),
        ]
        constraints = [
            # Together with the unique column, makes emails unique regardless of case.
            models.CheckConstraint(condition=Q(email=Lower("email")), name="user_email_lower"),
        ]

    def __str__(self) -> str:
        return str(self.email)

    def set_password(self, raw_password: str | None) -> None:
        super().set_password(raw_password and canonical_password(raw_password))

    def check_password(self, raw_password: str | None) -> bool:
        return super().check_password(raw_password and canonical_password(raw_password))

    async def acheck_password(self, raw_password: str | None) -> bool:
        return await super().acheck_password(raw_password and canonical_password(raw_password))

    @property
    def is_verified(self) -> bool:
        return self.email_verified_at is not None

    def localized(self) -> AbstractContextManager[None]:
        """Activate the language and the time zone of the user, for texts that this user will read."""
        return localized(self.language, self.timezone)

    @cached_property
    def roles(self) -> list[str]:
        """Return the names of the user's groups."""
        return list(self.groups.order_by("name").values_list("name", flat=True))

    def has_role(self, *roles: str) -> bool:
        """Return whether the user is in any of these groups."""
        return self.groups.filter(name__in=roles).exists()

    def get_session_auth_hash(self) -> str:
        """Return the hash in every session and token; a new password or epoch invalidates them all.

        Source: https://docs.djangoproject.com/en/stable/topics/auth/default/#session-invalidation-on-password-change
        """
        return self.session_hash(settings.SECRET_KEY)

    def get_session_auth_fallback_hash(self) -> Iterator[str]:
        """Return the hashes for each of `SECRET_KEY_FALLBACKS`."""
        return map(self.session_hash, settings.SECRET_KEY_FALLBACKS)

    def session_hash(self, secret: str) -> str:
        state = f"{self.password}:{self.session_epoch}"
        return salted_hmac("apps.users.session", state, secret=secret, algorithm="sha256").hexdigest()


@receiver(post_delete, sender=User)
def avatar_delete(instance: User, **_kwargs: Any) -> None:
    """Delete the avatar file of a deleted user."""
    name, storage = instance.avatar.name, instance.avatar.storage
    if name:
        transaction.on_commit(lambda: storage.delete(name), robust=True)


class RefreshSession(UUIDModel):  # doctor: a user has few sessions
    """A signed-in device: one refresh-token chain. Only its newest token is valid.

    Reuse of an older token indicates theft of it or of its successor: the session is revoked.
    Source: https://www.rfc-editor.org/rfc/rfc9700#section-4.14.2
    """

    user = models.ForeignKey(
        User, verbose_name=_("user"), on_delete=models.CASCADE, related_name="refresh_sessions"
    )
    current_jti = models.CharField(max_length=64, editable=False)
    previous_jti = models.CharField(max_length=64, blank=True, editable=False)
    device = models.CharField(_("device"), max_length=200, blank=True)
    created_at = models.DateTimeField(_("created at"), default=timezone.now, editable=False)
    last_used_at = models.DateTimeField(_("last used at"), default=timezone.now, editable=False)
    expires_at = models.DateTimeField(_("expires at"), db_index=True)
    revoked_at = models.DateTimeField(_("revoked at"), null=True, blank=True)

    class Meta:
        verbose_name = _("session")
        verbose_name_plural = _("sessions")
        ordering = ("-created_at", "-id")

    def __str__(self) -> str:
        return str(self.pk)
