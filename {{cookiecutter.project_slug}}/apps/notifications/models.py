from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
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
            models.Index(fields=["user"], condition=Q(read_at=None), name="notification_unread_of_user"),
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


class Schedule(UUIDModel, TimeStampedModel):
    """When a user gets emails and other messages that can wait; without a row, immediately."""

    class Digest(models.TextChoices):
        IMMEDIATE = "immediate", _("immediately")
        DAILY = "daily", _("daily")
        WEEKLY = "weekly", _("weekly")

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        verbose_name=_("user"),
        on_delete=models.CASCADE,
        related_name="notification_schedule",
    )
    digest = models.CharField(_("digest"), max_length=10, choices=Digest, default=Digest.IMMEDIATE)
    quiet_from = models.TimeField(_("quiet from"), null=True, blank=True)
    quiet_until = models.TimeField(_("quiet until"), null=True, blank=True)

    class Meta:
        verbose_name = _("schedule")
        verbose_name_plural = _("schedules")
        ordering = ("-created_at", "-id")
        constraints = [
            models.CheckConstraint(
                condition=Q(quiet_from=None, quiet_until=None)
                | (Q(quiet_from__isnull=False, quiet_until__isnull=False) & ~Q(quiet_from=F("quiet_until"))),
                name="schedule_quiet_hours",
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)

    def clean(self) -> None:
        times = {self.quiet_from, self.quiet_until}
        if times != {None} and (None in times or len(times) == 1):
            message = _("Quiet hours need two different times, or none.")
            raise ValidationError({"quiet_until": ValidationError(message, code="invalid")})


class Digest(UUIDModel):
    """One message with the notifications that waited for it."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("user"),
        on_delete=models.CASCADE,
        related_name="notification_digests",
    )
    channel = models.CharField(_("channel"), max_length=20)
    created_at = models.DateTimeField(_("created at"), default=timezone.now, editable=False, db_index=True)

    class Meta:
        verbose_name = _("digest")
        verbose_name_plural = _("digests")
        ordering = ("-created_at", "-id")

    def __str__(self) -> str:
        return str(self.pk)


class DeferredNotification(UUIDModel):
    """Notification that waits for a digest or for the end of the quiet hours; at most one digest has it.

    It has a copy of the text, since users can disable the list.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("user"),
        on_delete=models.CASCADE,
        related_name="deferred_notifications",
    )
    notification = models.ForeignKey(
        Notification,
        verbose_name=_("notification"),
        on_delete=models.CASCADE,
        related_name="+",
        null=True,
        # The unique constraint has an index.
        db_index=False,
    )
    channel = models.CharField(_("channel"), max_length=20)
    kind = models.CharField(_("kind"), max_length=50)
    title = models.CharField(_("title"), max_length=200)
    body = models.TextField(_("body"), blank=True)
    created_at = models.DateTimeField(_("created at"), default=timezone.now, editable=False)
    due_at = models.DateTimeField(_("due at"))
    digest = models.ForeignKey(
        Digest, verbose_name=_("digest"), on_delete=models.CASCADE, related_name="entries", null=True
    )

    class Meta:
        verbose_name = _("deferred notification")
        verbose_name_plural = _("deferred notifications")
        ordering = ("-created_at", "-id")
        indexes = [models.Index(fields=["due_at"], condition=Q(digest=None), name="deferred_due")]
        constraints = [
            models.UniqueConstraint(fields=["notification", "channel"], name="deferred_once"),
        ]

    def __str__(self) -> str:
        return str(self.pk)
