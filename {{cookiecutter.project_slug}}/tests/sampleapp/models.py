from typing import Any

from django.conf import settings
from django.db import models

from apps.core.managers import ActiveQuerySet
from apps.core.models import AuthoredModel, SluggedModel, SoftDeleteModel, TimeStampedModel, UUIDModel


class Note(UUIDModel, TimeStampedModel, AuthoredModel, SoftDeleteModel):
    text = models.CharField(max_length=100)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notes")


class Article(SluggedModel):
    title = models.CharField(max_length=200)
    is_active = models.BooleanField(default=True)

    objects: models.Manager[Any] = ActiveQuerySet.as_manager()


class Measurement(UUIDModel, TimeStampedModel):
    """Model with an orderable column of every type, most of them nullable."""

    label = models.CharField(max_length=100)
    remark = models.TextField(null=True, blank=True)
    value = models.DecimalField(max_digits=9, decimal_places=3, null=True, blank=True)
    ratio = models.FloatField(null=True, blank=True)
    count = models.BigIntegerField(null=True, blank=True)
    is_valid = models.BooleanField(null=True, blank=True)
    day = models.DateField(null=True, blank=True)
    measured_at = models.DateTimeField(null=True, blank=True)
    duration = models.DurationField(null=True, blank=True)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
