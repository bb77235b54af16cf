"""Output serializers whose fields a client selects: `?fields=title,slug&include=body`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _
from drf_spectacular.extensions import OpenApiSerializerExtension
from rest_framework import serializers

from apps.core.api.serializers import OutputSerializer

if TYPE_CHECKING:
    from collections.abc import Collection

    from drf_spectacular.openapi import AutoSchema
    from drf_spectacular.utils import Direction
    from rest_framework.request import Request


class SparseQuery(serializers.Serializer[Any]):
    """Query parameters of a view with a sparse serializer, for the OpenAPI document."""

    fields = serializers.CharField(  # type: ignore[assignment] # also an attribute of the base
        required=False, help_text="Only these fields, separated by commas. The `id` is always included."
    )
    include = serializers.CharField(required=False, help_text="Optional fields, separated by commas.")


class SparseOutput(OutputSerializer):
    """Output serializer that shows the fields of `Meta.optional` only if a client includes them."""

    @classmethod
    def selected(cls, request: Request) -> frozenset[str]:
        """Return the names of the fields in the response.

        Raises:
            ValidationError: a name is unknown.
        """
        meta: Any = cls.Meta
        included = _names(request, "include", frozenset(meta.optional))
        default = cls.default_names()
        return (_names(request, "fields", default) or default) | included | {"id"}

    @classmethod
    def default_names(cls) -> frozenset[str]:
        meta: Any = cls.Meta
        return frozenset(meta.fields) - frozenset(meta.optional)

    @classmethod
    def represent(cls, instance: Any, names: Collection[str] | None = None) -> dict[str, Any]:
        """Serialize the fields in `names`; without it, all that are not optional."""
        return super().represent(instance, cls.default_names() if names is None else names)


class SparseExtension(OpenApiSerializerExtension):
    """Documents that every field but `id` may be missing."""

    target_class = SparseOutput
    match_subclasses = True

    def map_serializer(self, auto_schema: AutoSchema, direction: Direction) -> dict[str, Any]:
        schema: dict[str, Any] = auto_schema._map_serializer(self.target, direction, bypass_extensions=True)  # noqa: SLF001 - as drf-spectacular documents
        return schema | {"required": ["id"]}


def _names(request: Request, parameter: str, allowed: frozenset[str]) -> frozenset[str]:
    text = request.query_params.get(parameter, "")
    names = frozenset(filter(None, text.split(",")))
    if names - allowed:
        message = _("Choose from: %(choices)s.") % {"choices": ", ".join(sorted(allowed))}
        raise serializers.ValidationError({parameter: [message]}, code="invalid_choice")
    return names
