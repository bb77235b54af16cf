"""Models of devices and their messages. `docs/mqtt.md` has the topics and the delivery guarantees."""

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.core.models import TimeStampedModel, UUIDModel


class Device(UUIDModel, TimeStampedModel):
    """Device that may use the broker. Its primary key is the user name and part of its topics."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("owner"),
        on_delete=models.CASCADE,
        related_name="devices",
    )
    name = models.CharField(_("name"), max_length=80)
    # SHA-256 suffices: the password is random and has 256 bits, so it cannot be guessed from the digest.
    password = models.CharField(_("digest of the password"), max_length=64, blank=True, editable=False)
    is_active = models.BooleanField(_("active"), default=True)
    last_seen_at = models.DateTimeField(_("last seen at"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("device")
        verbose_name_plural = _("devices")
        ordering = ("-created_at", "-id")
        indexes = [models.Index(fields=["owner", "-created_at", "-id"], name="device_newest_of_owner")]

    def __str__(self) -> str:
        # Kept in the admin log even after deletion: no personal data.
        return str(self.pk)


class Message(UUIDModel):
    """Message of a device. The key, which the device chooses, makes redelivered messages recognizable."""

    device = models.ForeignKey(
        Device, verbose_name=_("device"), on_delete=models.CASCADE, related_name="messages"
    )
    key = models.CharField(_("key"), max_length=64, help_text=_("Unique for each device."))
    kind = models.CharField(_("kind"), max_length=50)
    path = models.CharField(_("path"), max_length=200, blank=True, help_text=_("The topic below the kind."))
    data = models.JSONField(_("data"), default=dict, blank=True)
    error = models.CharField(_("error"), max_length=100, blank=True, help_text=_("Of a failed handler."))
    created_at = models.DateTimeField(_("received at"), default=timezone.now, editable=False, db_index=True)

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        ordering = ("-created_at", "-id")
        constraints = [models.UniqueConstraint(fields=["device", "key"], name="message_once")]
        indexes = [models.Index(fields=["device", "-created_at", "-id"], name="message_newest_of_device")]

    def __str__(self) -> str:
        return str(self.pk)


class Command(UUIDModel, TimeStampedModel):
    """Command for a device. The bridge publishes it at least once, with its primary key as the key."""

    device = models.ForeignKey(
        Device, verbose_name=_("device"), on_delete=models.CASCADE, related_name="commands"
    )
    name = models.CharField(_("name"), max_length=80)
    data = models.JSONField(_("data"), default=dict, blank=True)
    claimed_at = models.DateTimeField(_("claimed at"), null=True, blank=True, editable=False)
    published_at = models.DateTimeField(_("published at"), null=True, blank=True, editable=False)
    acknowledged_at = models.DateTimeField(_("acknowledged at"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("command")
        verbose_name_plural = _("commands")
        ordering = ("-created_at", "-id")
        indexes = [
            models.Index(fields=["device", "-created_at", "-id"], name="command_newest_of_device"),
            models.Index(
                fields=["created_at"], condition=models.Q(published_at=None), name="command_unpublished"
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)
