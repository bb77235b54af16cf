"""Serializers that every app uses."""

from functools import cache
from typing import Any, Self

from rest_framework import serializers
from rest_framework.request import Request


def validated(serializer: type[serializers.BaseSerializer[Any]], request: Request) -> dict[str, Any]:
    """Return the values of a request body; raises ValidationError for those that are not valid."""
    data = serializer(data=request.data)
    data.is_valid(raise_exception=True)
    values: dict[str, Any] = data.validated_data
    return values


class OutputSerializer(serializers.ModelSerializer[Any]):
    """For output that depends on the object alone, not on the request."""

    @classmethod
    def represent(cls, instance: Any) -> dict[str, Any]:
        """Return the output for one object."""
        return cls._shared().to_representation(instance)

    def to_representation(self, instance: Any) -> dict[str, Any]:
        """Use the fields of one shared serializer: building them costs more than the query for an object."""
        representation: dict[str, Any] = super(OutputSerializer, self._shared()).to_representation(instance)
        return representation

    @classmethod
    @cache
    def _shared(cls) -> Self:
        return cls()
