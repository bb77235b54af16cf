"""Shared querysets and managers."""

from typing import Any, Self

from django.db import models
from django.utils import timezone


class ActiveQuerySet(models.QuerySet[Any]):
    """QuerySet for models with an `is_active` field."""

    def active(self) -> Self:
        return self.filter(is_active=True)

    def inactive(self) -> Self:
        return self.filter(is_active=False)


class SoftDeleteQuerySet(models.QuerySet[Any]):
    """QuerySet with soft deletion: `delete()` sets `deleted_at`, `hard_delete()` deletes the rows."""

    def alive(self) -> Self:
        return self.filter(deleted_at=None)

    def dead(self) -> Self:
        return self.exclude(deleted_at=None)

    def delete(self) -> tuple[int, dict[str, int]]:
        count = self.alive().update(deleted_at=timezone.now())
        return count, {self.model._meta.label: count}  # noqa: SLF001 - Django's documented Options API

    def hard_delete(self) -> tuple[int, dict[str, int]]:
        return super().delete()

    # As in Django: not on managers, where they would affect the whole table.
    delete.queryset_only = True  # type: ignore[attr-defined]
    hard_delete.queryset_only = True  # type: ignore[attr-defined]

    def restore(self) -> int:
        return self.dead().update(deleted_at=None)


class AliveManager(models.Manager.from_queryset(SoftDeleteQuerySet)):  # type: ignore[misc]
    """Manager that excludes soft-deleted rows."""

    def get_queryset(self) -> SoftDeleteQuerySet:
        queryset: SoftDeleteQuerySet = super().get_queryset()
        return queryset.alive()
