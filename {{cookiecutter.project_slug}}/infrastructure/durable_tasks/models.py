from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class DeadLetter(models.Model):
    """Task that failed permanently or could not be queued."""

    class Reason(models.TextChoices):
        FAILED = "failed", _("failed")
        UNPUBLISHED = "unpublished", _("not queued")

    task_id = models.CharField(_("task id"), max_length=64, unique=True, editable=False)
    task = models.CharField(_("task"), max_length=200, editable=False)
    queue = models.CharField(_("queue"), max_length=100, blank=True, editable=False)
    reason = models.CharField(_("reason"), max_length=20, choices=Reason.choices, editable=False)
    error = models.CharField(_("error"), max_length=500, blank=True, editable=False)
    trace = models.TextField(_("trace"), blank=True, editable=False)
    retries = models.PositiveIntegerField(_("retries"), default=0, editable=False)
    call = models.JSONField(editable=False)
    request_id = models.CharField(_("request id"), max_length=128, blank=True, editable=False)
    created_at = models.DateTimeField(_("created at"), default=timezone.now, db_index=True, editable=False)
    replayed_at = models.DateTimeField(_("replayed at"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("dead letter")
        verbose_name_plural = _("dead letters")
        ordering = ("-created_at", "-id")
        permissions = [("replay_deadletter", "Can queue dead letters again")]

    def __str__(self) -> str:
        return f"{self.task} ({self.task_id})"


class IdempotencyKey(models.Model):
    """Key of work that is done, see `run_once()`."""

    key = models.CharField(_("key"), max_length=200, unique=True, editable=False)
    created_at = models.DateTimeField(_("created at"), default=timezone.now, db_index=True, editable=False)

    class Meta:
        verbose_name = _("idempotency key")
        verbose_name_plural = _("idempotency keys")
        ordering = ("-created_at", "-id")

    def __str__(self) -> str:
        return self.key


class Schedule(models.Model):
    """Last run of a periodic task. Beat creates the rows from the settings; the admin can disable them."""

    name = models.CharField(_("name"), max_length=200, unique=True, editable=False)
    task = models.CharField(_("task"), max_length=200, editable=False)
    expression = models.CharField(_("schedule"), max_length=200, editable=False)
    is_enabled = models.BooleanField(_("enabled"), default=True)
    last_run_at = models.DateTimeField(_("last run at"), default=timezone.now, editable=False)
    runs = models.PositiveBigIntegerField(_("runs"), default=0, editable=False)

    class Meta:
        verbose_name = _("schedule")
        verbose_name_plural = _("schedules")
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class Lease(models.Model):
    """Lock with an expiry time, for work that only one of several processes may do."""

    name = models.CharField(_("name"), max_length=100, unique=True, editable=False)
    holder = models.CharField(_("holder"), max_length=200, editable=False)
    expires_at = models.DateTimeField(_("expires at"), editable=False)

    class Meta:
        verbose_name = _("lease")
        verbose_name_plural = _("leases")
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name
