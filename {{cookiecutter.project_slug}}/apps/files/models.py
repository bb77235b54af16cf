from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.core.models import TimeStampedModel, UUIDModel


class StoredFile(UUIDModel, TimeStampedModel):
    """Metadata of a file; its content is a blob in the default storage.

    The storage name is random: no user input becomes part of a path, and knowing the name gives no access
    without a signed link.
    """

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("owner"),
        on_delete=models.CASCADE,
        related_name="files",
    )
    name = models.CharField(_("name"), max_length=255)
    size = models.PositiveBigIntegerField(_("size in bytes"))
    content_type = models.CharField(
        _("content type"),
        max_length=100,
        help_text=_("Derived from the content."),
    )
    checksum = models.CharField("SHA-256", max_length=64)
    storage_name = models.CharField(_("name in the storage"), max_length=100, unique=True, editable=False)

    class Meta:
        verbose_name = _("file")
        verbose_name_plural = _("files")
        ordering = ("-created_at", "-id")
        indexes = [models.Index(fields=["owner", "-created_at", "-id"], name="file_newest_of_owner")]

    def __str__(self) -> str:
        # Kept in the admin log even after deletion: no personal data.
        return str(self.pk)
