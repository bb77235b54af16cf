from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.core.models import TimeStampedModel, UUIDModel


def validate_kind(value: Any) -> None:
    """Accept only kinds of `NOTIFICATION_KINDS`. As `choices`, each change would need a migration."""
    if value not in settings.NOTIFICATION_KINDS:
        raise ValidationError(_("Unknown kind of notification."), code="invalid_choice")


class Notification(UUIDModel, TimeStampedModel):
    """Notification that a user can read in the application."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("user"),
        on_delete=models.CASCADE,
        related_name="notifications",
    )
    kind = models.CharField(_("kind"), max_length=50, validators=[validate_kind])
    title = models.CharField(_("title"), max_length=200)
    body = models.TextField(_("body"), blank=True)
    data = models.JSONField(
        _("data"),
        default=dict,
        blank=True,
        help_text=_("Machine-readable details."),
    )
    read_at = models.DateTimeField(_("read at"), null=True, blank=True)

    class Meta:
        verbose_name = _("notification")
        verbose_name_plural = _("notifications")
        ordering = ("-created_at", "-id")
        indexes = [
            models.Index(fields=["user", "-created_at", "-id"], name="notification_newest_of_user"),
            models.Index(
                fields=["user"], condition=models.Q(read_at=None), name="notification_unread_of_user"
            ),
            # For `purge_notifications`.
            models.Index(fields=["read_at"], name="notification_read_at"),
        ]

    def __str__(self) -> str:
        # Kept in the admin log even after deletion: no personal data.
        return str(self.pk)

    @property
    def is_stored(self) -> bool:
        """Return whether the notification is in the list; users can disable the list for a kind."""
        return not self._state.adding


class Preference(UUIDModel, TimeStampedModel):
    """Choice of a user for a kind and a channel; without a row, `NOTIFICATION_KINDS` applies."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("user"),
        on_delete=models.CASCADE,
        related_name="notification_preferences",
    )
    kind = models.CharField(_("kind"), max_length=50, validators=[validate_kind])
    channel = models.CharField(_("channel"), max_length=20)
    wanted = models.BooleanField(_("enabled"))

    class Meta:
        verbose_name = _("preference")
        verbose_name_plural = _("preferences")
        ordering = ("-created_at", "-id")
        constraints = [
            models.UniqueConstraint(fields=["user", "kind", "channel"], name="preference_once"),
        ]

    def __str__(self) -> str:
        return f"{self.kind}: {self.channel}"
