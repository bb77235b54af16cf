"""Abstract base models, for example: `class Post(UUIDModel, TimeStampedModel)`."""

import uuid
from typing import Any, ClassVar

from django.conf import settings
from django.db import IntegrityError, models, transaction
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from apps.core.managers import AliveManager, SoftDeleteQuerySet

SLUG_ATTEMPTS = 100


class UUIDModel(models.Model):
    """Random primary key, which does not reveal the number of rows."""

    id = models.UUIDField(_("id"), primary_key=True, default=uuid.uuid4, editable=False)

    class Meta:
        abstract = True


class TimeStampedModel(models.Model):
    created_at = models.DateTimeField(_("created at"), default=timezone.now, editable=False)
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)

    class Meta:
        abstract = True


class AuthoredModel(models.Model):
    """Author and last editor of a row, set by the service that writes it."""

    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("created by"),
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        editable=False,
    )
    updated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("updated by"),
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        editable=False,
    )

    class Meta:
        abstract = True


class SoftDeleteModel(models.Model):
    """Soft deletion: `delete()` sets `deleted_at`, `hard_delete()` deletes; `objects` excludes them."""

    deleted_at = models.DateTimeField(_("deleted at"), null=True, blank=True, editable=False, db_index=True)

    objects: ClassVar[AliveManager] = AliveManager()
    all_objects: ClassVar[models.Manager[Any]] = SoftDeleteQuerySet.as_manager()

    class Meta:
        abstract = True

    def delete(self, using: str | None = None, keep_parents: bool = False) -> tuple[int, dict[str, int]]:  # noqa: FBT001, FBT002 - Django's signature
        self.deleted_at = timezone.now()
        self.save(using=using, update_fields=["deleted_at"])
        return 1, {self._meta.label: 1}

    def hard_delete(self) -> tuple[int, dict[str, int]]:
        return super().delete()

    def restore(self) -> None:
        self.deleted_at = None
        self.save(update_fields=["deleted_at"])


class SluggedModel(models.Model):
    """Unique slug from the field named in `slug_source`, also with concurrent inserts."""

    slug_source: ClassVar[str] = "title"

    slug = models.SlugField(_("slug"), max_length=80, unique=True, blank=True)

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.slug:
            super().save(*args, **kwargs)
            return
        base = slugify(getattr(self, self.slug_source))[:70] or "item"
        for attempt in range(1, SLUG_ATTEMPTS + 1):
            self.slug = base if attempt == 1 else f"{base}-{attempt}"
            try:
                # The unique constraint prevents a race condition; the savepoint keeps an outer transaction
                # usable after an error.
                with transaction.atomic(using=kwargs.get("using")):
                    super().save(*args, **kwargs)
            except IntegrityError:
                if not type(self)._base_manager.filter(slug=self.slug).exists():  # noqa: SLF001 - documented
                    raise
            else:
                return
        self.slug = f"{base}-{uuid.uuid4().hex[:8]}"
        super().save(*args, **kwargs)
