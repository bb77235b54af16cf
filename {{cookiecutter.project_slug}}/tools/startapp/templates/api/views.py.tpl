"""HTTP layer: validate, call a service or a selector, serialize."""

from http import HTTPStatus
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, viewsets
from rest_framework.permissions import SAFE_METHODS, IsAuthenticatedOrReadOnly
from rest_framework.response import Response

from apps.{{ app }} import selectors, services
from apps.{{ app }}.api.filters import {{ model }}Filter
from apps.{{ app }}.api.serializers import {{ model }}Input, {{ model }}Output
from apps.{{ app }}.models import {{ model }}
from apps.core.api.permissions import IsAdminOrPublicReadOnly, IsAdminOrReadOnly
from apps.core.api.serializers import validated
from apps.users.authentication import UserRequest


@extend_schema_view(
    list=extend_schema(description="List {% if owner and not public_read %}own {% endif %}{{ verbose_plural }}."),
    retrieve=extend_schema(description="Retrieve {{ article }} {{ verbose }}."),
)
class {{ model }}ViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[{{ model }}]):
    queryset = {{ model }}.objects.none()
    serializer_class = {{ model }}Output
    filterset_class = {{ model }}Filter
{% if permission %}    permission_classes = ({{ permission }},)
{% endif %}    search_fields = {{ search_fields }}
    ordering_fields = {{ ordering_fields }}
    ordering = ("-created_at",)

    request: UserRequest

    def get_queryset(self) -> QuerySet[{{ model }}]:
{% if not owner %}        return selectors.{{ name }}_list()
{% elif public_read %}        """Return all rows for reading, and own rows for writing, so that others yield 404."""
        if self.request.method in SAFE_METHODS:
            return selectors.{{ name }}_list_all()
        return selectors.{{ name }}_list(owner=self.request.user)
{% else %}        """Return own rows only, so that those of other users yield 404."""
        return selectors.{{ name }}_list(owner=self.request.user)
{% endif %}
    @extend_schema(request={{ model }}Input, responses={201: {{ model }}Output})
    def create(self, request: UserRequest) -> Response:
        """Create {{ article }} {{ verbose }}."""
        {{ name }} = services.{{ name }}_create({% if owner %}owner=request.user, {% endif %}**validated({{ model }}Input, request))
        return Response({{ model }}Output.represent({{ name }}), status=HTTPStatus.CREATED)

    @extend_schema(request={{ model }}Input, responses={200: {{ model }}Output})
    def partial_update(self, request: UserRequest, *args: Any, **kwargs: Any) -> Response:
        """Change {{ article }} {{ verbose }}. Omitted fields keep their value."""
        {{ name }} = self.get_object()
        values = validated({{ model }}Input, request, instance={{ name }})
        return Response({{ model }}Output.represent(services.{{ name }}_update({{ name }}={{ name }}, **values)))

    @extend_schema(responses={204: None})
    def destroy(self, request: UserRequest, *args: Any, **kwargs: Any) -> Response:
        """Delete {{ article }} {{ verbose }}."""
        services.{{ name }}_delete({{ name }}=self.get_object())
        return Response(status=HTTPStatus.NO_CONTENT)
