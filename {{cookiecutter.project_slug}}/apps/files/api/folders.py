"""HTTP layer of folders: validate, call a service or a selector, serialize."""

from http import HTTPStatus
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, viewsets
from rest_framework.response import Response

from apps.core.api.serializers import validated
from apps.files import selectors
from apps.files.api import serializers
from apps.files.api.filters import FolderFilter
from apps.files.models import Folder
from apps.files.services import folders
from apps.users.authentication import UserRequest


@extend_schema_view(
    list=extend_schema(description="List own folders."),
    retrieve=extend_schema(description="Retrieve a folder."),
    destroy=extend_schema(description="Delete a folder with all folders and files in it."),
)
class FolderViewSet(mixins.DestroyModelMixin, viewsets.ReadOnlyModelViewSet[Folder]):
    queryset = Folder.objects.none()
    serializer_class = serializers.FolderOutput
    filterset_class = FolderFilter
    search_fields = ("name",)
    ordering_fields = ("created_at", "name")
    ordering = ("name",)

    request: UserRequest

    def get_queryset(self) -> QuerySet[Folder]:
        """Return own folders only, so that other users' folders yield 404."""
        return selectors.folder_list(owner=self.request.user)

    @extend_schema(request=serializers.FolderInput, responses={201: serializers.FolderOutput})
    def create(self, request: UserRequest) -> Response:
        """Create a folder. Its name is unique in the parent folder."""
        folder = folders.folder_create(owner=request.user, **validated(serializers.FolderInput, request))
        return Response(serializers.FolderOutput.represent(folder), status=HTTPStatus.CREATED)

    @extend_schema(request=serializers.FolderInput, responses={200: serializers.FolderOutput})
    def partial_update(self, request: UserRequest, *args: Any, **kwargs: Any) -> Response:
        """Rename a folder, or move it with its content."""
        folder = self.get_object()
        data = validated(serializers.FolderInput, request, instance=folder)
        return Response(serializers.FolderOutput.represent(folders.folder_update(folder=folder, **data)))

    def perform_destroy(self, instance: Folder) -> None:
        folders.folder_delete(folder=instance)
