"""Tracked events, and the days whose report was mailed."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Event(models.Model):
    """Something that happened, without the user to whom it happened; see docs/reports.md."""

    name = models.CharField(_("name"), max_length=50)
    properties = models.JSONField(_("properties"), default=dict, blank=True)
    created_at = models.DateTimeField(_("created at"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        ordering = ("-created_at", "-id")
        indexes = [
            # For reports on one event.
            models.Index(fields=["name", "created_at"], name="reports_event_of_name"),
            # For reports on all events, the admin and `purge_events`.
            models.Index(fields=["-created_at", "-id"], name="reports_event_newest"),
        ]

    def __str__(self) -> str:
        return self.name


class DailyReport(models.Model):
    """A day whose report was mailed. The unique column prevents a second mail by a concurrent run."""

    day = models.DateField(_("day"), unique=True)
    created_at = models.DateTimeField(_("created at"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("daily report")
        verbose_name_plural = _("daily reports")
        ordering = ("-day",)

    def __str__(self) -> str:
        return str(self.day)
