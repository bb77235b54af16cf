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
