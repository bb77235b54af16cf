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
        """The output for one object, from a serializer that is made once.

        Making its fields anew for each request costs more than the query for the object.
        """
        representation: dict[str, Any] = cls._shared().to_representation(instance)
        return representation

    @classmethod
    @cache
    def _shared(cls) -> Self:
        return cls()
