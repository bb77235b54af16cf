"""Shared serializers."""

from functools import cache
from typing import Any, Self

from django.utils.timezone import get_default_timezone
from rest_framework import serializers
from rest_framework.request import Request


def validated(serializer: type[serializers.BaseSerializer[Any]], request: Request) -> dict[str, Any]:
    """Return the validated request body; raises ValidationError if it is not valid."""
    data = serializer(data=request.data)
    data.is_valid(raise_exception=True)
    values: dict[str, Any] = data.validated_data
    return values


class OutputSerializer(serializers.ModelSerializer[Any]):
    """Model serializer for output that depends on the instance only, not on the request."""

    @classmethod
    def represent(cls, instance: Any) -> dict[str, Any]:
        """Serialize one instance."""
        return cls._shared().to_representation(instance)

    def to_representation(self, instance: Any) -> dict[str, Any]:
        """Serialize with one shared serializer; building its fields costs more than a query."""
        representation: dict[str, Any] = super(OutputSerializer, self._shared()).to_representation(instance)
        return representation

    @classmethod
    @cache
    def _shared(cls) -> Self:
        serializer = cls()
        for field in serializer.fields.values():
            if isinstance(field, serializers.DateTimeField):
                # Else the field looks up the current time zone, which nothing changes, for each value.
                field.timezone = get_default_timezone()
        return serializer
