from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.core.models import TimeStampedModel, UUIDModel


class PrivateModel(UUIDModel):
    """Model with the key as its text, which the admin log keeps after deletion: no personal data."""

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return str(self.pk)


class Folder(PrivateModel, TimeStampedModel):
    """Folder of a user. The services limit the depth and the number of folders."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("owner"),
        on_delete=models.CASCADE,
        related_name="folders",
    )
    parent = models.ForeignKey(
        "self",
        verbose_name=_("parent"),
        on_delete=models.CASCADE,
        related_name="children",
        null=True,
        blank=True,
    )
    name = models.CharField(_("name"), max_length=255)

    class Meta:
        verbose_name = _("folder")
        verbose_name_plural = _("folders")
        ordering = ("name", "id")
        constraints = [
            models.UniqueConstraint(fields=["parent", "name"], name="folder_name_in_parent"),
            models.UniqueConstraint(
                fields=["owner", "name"], condition=Q(parent=None), name="folder_name_at_root"
            ),
        ]


class Upload(PrivateModel, TimeStampedModel):
    """Upload in progress, with its size reserved in the quota; replaced by a `StoredFile` on completion."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("owner"),
        on_delete=models.CASCADE,
        related_name="uploads",
    )
    name = models.CharField(_("name"), max_length=255)
    size = models.PositiveBigIntegerField(_("size in bytes"))
    content_type = models.CharField(
        _("content type"), max_length=100, help_text=_("Derived from the extension.")
    )
    storage_name = models.CharField(_("name in the storage"), max_length=100, unique=True, editable=False)
    offset = models.PositiveBigIntegerField(
        _("bytes received"), default=0, help_text=_("Stays 0 if the client uploads to a bucket.")
    )
    expires_at = models.DateTimeField(_("expires at"), db_index=True)
    folder = models.ForeignKey(
        Folder,
        verbose_name=_("folder"),
        on_delete=models.SET_NULL,
        related_name="+",
        null=True,
        blank=True,
    )
    # Set while the content is validated, so that this happens once.
    claimed_at = models.DateTimeField(_("validation started at"), null=True, editable=False)

    class Meta:
        verbose_name = _("upload")
        verbose_name_plural = _("uploads")
        ordering = ("-created_at", "-id")
        indexes = [models.Index(fields=["owner", "-created_at", "-id"], name="upload_newest_of_owner")]
        constraints = [
            models.CheckConstraint(condition=Q(offset__lte=F("size")), name="upload_offset_within_size")
        ]


class StoredFile(PrivateModel, TimeStampedModel):
    """Metadata of a file; its content is a blob in the default storage.

    The storage name is random: no user input becomes part of a path, and knowing the name gives no access
    without a signed link.
    """

    class Status(models.TextChoices):
        SCANNING = "scanning", _("not scanned yet")
        AVAILABLE = "available", _("available")
        INFECTED = "infected", _("contained malware, content deleted")

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
    folder = models.ForeignKey(
        Folder,
        verbose_name=_("folder"),
        on_delete=models.CASCADE,
        related_name="files",
        null=True,
        blank=True,
    )
    status = models.CharField(
        _("status"),
        max_length=10,
        choices=Status,
        default=Status.AVAILABLE,
        db_default="available",
        help_text=_("Only available files can be downloaded."),
    )
    thumbnail_name = models.CharField(
        _("thumbnail in the storage"), max_length=100, blank=True, default="", db_default="", editable=False
    )

    class Meta:
        verbose_name = _("file")
        verbose_name_plural = _("files")
        ordering = ("-created_at", "-id")
        indexes = [models.Index(fields=["owner", "-created_at", "-id"], name="file_newest_of_owner")]
        # Names outside of folders may occur twice.
        constraints = [models.UniqueConstraint(fields=["folder", "name"], name="file_name_in_folder")]

    @property
    def is_available(self) -> bool:
        return self.status == self.Status.AVAILABLE

    @property
    def has_thumbnail(self) -> bool:
        return bool(self.thumbnail_name)


class Share(PrivateModel, TimeStampedModel):
    """Read access to a file: for the account with an email, or for anyone who has a link.

    The email need not belong to an account, so that sharing does not reveal which accounts exist.
    """

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("owner"),
        on_delete=models.CASCADE,
        related_name="shares",
    )
    file = models.ForeignKey(
        StoredFile, verbose_name=_("file"), on_delete=models.CASCADE, related_name="shares"
    )
    email = models.EmailField(_("email"), blank=True, db_index=True)
    token_hash = models.CharField(
        _("hash of the token"), max_length=64, unique=True, null=True, editable=False
    )
    expires_at = models.DateTimeField(_("expires at"))
    max_downloads = models.PositiveIntegerField(_("maximum number of downloads"), null=True, blank=True)
    downloads = models.PositiveIntegerField(_("downloads"), default=0, editable=False)
    revoked_at = models.DateTimeField(_("revoked at"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("share")
        verbose_name_plural = _("shares")
        ordering = ("-created_at", "-id")
        indexes = [models.Index(fields=["owner", "-created_at", "-id"], name="share_newest_of_owner")]
        constraints = [
            models.CheckConstraint(
                condition=Q(email="") | Q(token_hash=None, max_downloads=None),
                name="share_with_person_or_by_link",
            ),
            models.CheckConstraint(
                condition=Q(max_downloads=None) | Q(downloads__lte=F("max_downloads")),
                name="share_downloads_within_limit",
            ),
            models.UniqueConstraint(
                fields=["file", "email"],
                condition=Q(revoked_at=None) & ~Q(email=""),
                name="share_once_per_person",
            ),
        ]


class Download(PrivateModel):
    """Entry of the download log: a shared file was downloaded. It contains no IP address."""

    file = models.ForeignKey(
        StoredFile, verbose_name=_("file"), on_delete=models.CASCADE, related_name="downloads"
    )
    share = models.ForeignKey(
        Share, verbose_name=_("share"), on_delete=models.SET_NULL, related_name="+", null=True
    )
    created_at = models.DateTimeField(_("created at"), default=timezone.now, editable=False, db_index=True)

    class Meta:
        verbose_name = _("download")
        verbose_name_plural = _("downloads")
        ordering = ("-created_at", "-id")
        indexes = [models.Index(fields=["file", "-created_at", "-id"], name="download_newest_of_file")]
