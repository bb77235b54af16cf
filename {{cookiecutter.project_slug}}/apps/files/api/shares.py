"""HTTP layer of shares: validate, call a service or a selector, serialize."""

from http import HTTPStatus

from django.db.models import QuerySet
from django.http import FileResponse
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views.decorators.cache import cache_control
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.api.serializers import validated
from apps.files import selectors
from apps.files.api import serializers
from apps.files.api.filters import ShareFilter
from apps.files.api.views import LinkView, attachment
from apps.files.models import Share
from apps.files.services import shares
from apps.users.authentication import UserRequest


@extend_schema_view(
    list=extend_schema(description="List the shares of own files."),
    destroy=extend_schema(description="Revoke a share."),
)
class ShareViewSet(mixins.ListModelMixin, mixins.DestroyModelMixin, viewsets.GenericViewSet[Share]):
    queryset = Share.objects.none()
    serializer_class = serializers.ShareOutput
    filterset_class = ShareFilter
    ordering = ("-created_at",)

    request: UserRequest

    def get_queryset(self) -> QuerySet[Share]:
        """Return shares of own files only, so that those of others yield 404."""
        return selectors.share_list(owner=self.request.user)

    @extend_schema(request=serializers.ShareInput, responses={201: serializers.ShareCreated})
    @method_decorator(cache_control(no_store=True))
    def create(self, request: UserRequest) -> Response:
        """Share a file with a person, or by a link if there is no email. The link is shown only once."""
        share, token = shares.share_create(owner=request.user, **validated(serializers.ShareInput, request))
        path = reverse("v1:files:shared-content", query={"token": token})
        url = request.build_absolute_uri(path) if token else None
        return Response(serializers.ShareOutput.represent(share) | {"url": url}, status=HTTPStatus.CREATED)

    def perform_destroy(self, instance: Share) -> None:
        shares.share_revoke(share=instance)


class SharedContentView(LinkView):
    """Target of shared links."""

    @extend_schema(
        parameters=[serializers.LinkQuery],
        responses={(200, "application/octet-stream"): OpenApiTypes.BINARY},
    )
    def get(self, request: Request) -> FileResponse:
        """Download a file with a shared link. Each request counts as a download."""
        file, content = shares.share_download(token=request.query_params.get("token", ""))
        return attachment(file, content)

    def head(self, request: Request) -> Response:
        """Return whether the link is valid, without counting a download."""
        selectors.share_by_token(request.query_params.get("token", ""))
        return Response()
