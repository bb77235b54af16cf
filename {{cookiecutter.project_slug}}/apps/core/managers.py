"""QuerySets for what many models share."""

from typing import Any, Self

from django.db import models
from django.utils import timezone


class ActiveQuerySet(models.QuerySet[Any]):
    """For models with a flag `is_active`."""

    def active(self) -> Self:
        return self.filter(is_active=True)

    def inactive(self) -> Self:
        return self.filter(is_active=False)


class SoftDeleteQuerySet(models.QuerySet[Any]):
    """For models with `deleted_at`: `delete()` marks, `hard_delete()` removes."""

    def alive(self) -> Self:
        return self.filter(deleted_at=None)

    def dead(self) -> Self:
        return self.exclude(deleted_at=None)

    def delete(self) -> tuple[int, dict[str, int]]:
        count = self.alive().update(deleted_at=timezone.now())
        return count, {self.model._meta.label: count}  # noqa: SLF001 - Django's documented Options API

    def hard_delete(self) -> tuple[int, dict[str, int]]:
        return super().delete()

    # As in Django: not on managers, where they would mean the whole table.
    delete.queryset_only = True  # type: ignore[attr-defined]
    hard_delete.queryset_only = True  # type: ignore[attr-defined]

    def restore(self) -> int:
        return self.dead().update(deleted_at=None)


class AliveManager(models.Manager.from_queryset(SoftDeleteQuerySet)):  # type: ignore[misc]
    """Sees only what is not deleted."""

    def get_queryset(self) -> SoftDeleteQuerySet:
        queryset: SoftDeleteQuerySet = super().get_queryset()
        return queryset.alive()
