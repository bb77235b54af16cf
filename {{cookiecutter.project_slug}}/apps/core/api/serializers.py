"""Shared serializers."""

from collections.abc import Callable, Collection
from functools import cache
from operator import attrgetter
from typing import Any

from django.db.models import Model
from django.utils.timezone import get_default_timezone
from rest_framework import serializers
from rest_framework.fields import SkipField
from rest_framework.request import Request


def validated(
    serializer: type[serializers.BaseSerializer[Any]], request: Request, *, instance: Model | None = None
) -> dict[str, Any]:
    """Return the validated request body.

    Args:
        serializer: the input serializer.
        request: the request; it is in the context of the serializer.
        instance: the row to change: all fields are then optional.

    Raises:
        ValidationError: the body is not valid.
    """
    context = {"request": request}
    data = serializer(instance, data=request.data, partial=instance is not None, context=context)
    data.is_valid(raise_exception=True)
    values: dict[str, Any] = data.validated_data
    return values


class OutputSerializer(serializers.ModelSerializer[Any]):
    """Model serializer for output that depends on the instance only, not on the request."""

    def include_extra_kwargs(self, kwargs: Any, extra_kwargs: Any) -> Any:
        """Make the columns read-only; declared fields have their own `read_only=True`."""
        read_only = {"read_only": not extra_kwargs.get("write_only")}
        return super().include_extra_kwargs(kwargs, read_only | extra_kwargs)

    @classmethod
    def represent(cls, instance: Any, names: Collection[str] | None = None) -> dict[str, Any]:
        """Serialize the fields of one instance, or those in `names`; missing attributes are omitted."""
        values = {}
        for name, read, convert in cls._readers():
            if names is not None and name not in names:
                continue
            try:
                value = read(instance)
            except SkipField:
                continue
            values[name] = None if value is None else convert(value)
        return values

    def to_representation(self, instance: Any) -> dict[str, Any]:
        return self.represent(instance)

    @classmethod
    @cache
    def _readers(cls) -> list[tuple[str, Callable[[Any], Any], Callable[[Any], Any]]]:
        """Return name, getter and conversion of each field, built once: this costs more than a query.

        Columns are read directly, without the checks of `Field.get_attribute` for callables and dictionaries.
        """
        model: Any = cls.Meta.model
        columns = {field.name for field in model._meta.concrete_fields if not field.is_relation}  # noqa: SLF001 - Django's documented Options API
        readers: list[tuple[str, Callable[[Any], Any], Callable[[Any], Any]]] = []
        for name, field in cls().fields.items():
            if isinstance(field, serializers.DateTimeField):
                # Else the field looks up the current time zone, which nothing changes, for each value.
                field.timezone = get_default_timezone()
            read = attrgetter(str(field.source)) if field.source in columns else field.get_attribute
            if not field.write_only:
                readers.append((name, read, field.to_representation))
        return readers
