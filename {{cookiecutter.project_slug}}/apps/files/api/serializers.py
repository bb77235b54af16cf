"""Input and output serializers of the files API. Output serializers list their fields explicitly."""

from typing import Any

from rest_framework import serializers

from apps.core.api.serializers import OutputSerializer
from apps.files.models import StoredFile


class FileInput(serializers.Serializer[Any]):
    file = serializers.FileField()


class FileOutput(OutputSerializer):
    class Meta:
        model = StoredFile
        fields: list[str] = ["id", "name", "size", "content_type", "checksum", "created_at"]
        read_only_fields = fields


class LinkOutput(serializers.Serializer[Any]):
    url = serializers.URLField(read_only=True)
    expires_at = serializers.DateTimeField(read_only=True)


class LinkQuery(serializers.Serializer[Any]):
    token = serializers.CharField(max_length=200)
