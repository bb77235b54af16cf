"""HTTP layer of files, folders, shares and links: validate, call a service or a selector, serialize."""

from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import FileResponse, Http404
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views.decorators.cache import cache_control
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, viewsets
from rest_framework.decorators import action
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.core.api.pagination import CursorPagination
from apps.core.api.parsers import JSONParser, MultiPartParser
from apps.core.api.serializers import validated
from apps.core.api.throttling import TokenThrottle
from apps.files import selectors, storage
from apps.files.api import serializers
from apps.files.api.filters import FileFilter, FolderFilter, ShareFilter
from apps.files.models import Folder, Share, StoredFile
from apps.files.services import files, folders, shares
from apps.users.authentication import UserRequest

if TYPE_CHECKING:
    from django.core.files.base import File

# User content is untrusted: a browser that renders it anyway must not run scripts (stored XSS).
DOWNLOAD_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "same-site",
    "Accept-Ranges": "none",
    # Prevents compression on the way, which would remove Content-Length.
    "Content-Encoding": "identity",
}


def attachment(file: StoredFile, content: "File[bytes]") -> FileResponse:
    """Return a response that makes the browser save the file."""
    return FileResponse(
        content,
        as_attachment=True,
        filename=file.name,
        content_type=file.content_type,
        headers=DOWNLOAD_HEADERS,
    )


@extend_schema_view(
    list=extend_schema(description="List own files."),
    retrieve=extend_schema(description="Retrieve the metadata of a file."),
    destroy=extend_schema(description="Delete a file."),
)
class FileViewSet(mixins.DestroyModelMixin, viewsets.ReadOnlyModelViewSet[StoredFile]):
    extra_problems = {"POST": [HTTPStatus.FORBIDDEN]}
    queryset = StoredFile.objects.none()
    serializer_class = serializers.FileOutput
    parser_classes = (MultiPartParser,)
    filterset_class = FileFilter
    search_fields = ("name",)
    ordering_fields = ("created_at", "name", "size")
    ordering = ("-created_at",)

    request: UserRequest

    def get_queryset(self) -> QuerySet[StoredFile]:
        """Return own files, and shared files for reading, so that all other files yield 404."""
        if self.action in {"retrieve", "thumbnail", "link"}:
            return selectors.file_list_readable(user=self.request.user)
        if self.action == "shared":
            return selectors.file_list_shared(user=self.request.user)
        return selectors.file_list(owner=self.request.user)

    @extend_schema(request=serializers.FileInput, responses={201: serializers.FileOutput})
    def create(self, request: UserRequest) -> Response:
        """Upload a file. Its content must match its extension; the content type is derived from it."""
        file = files.file_create(owner=request.user, **validated(serializers.FileInput, request))
        return Response(serializers.FileOutput.represent(file), status=HTTPStatus.CREATED)

    def perform_destroy(self, instance: StoredFile) -> None:
        files.file_delete(file=instance)

    @extend_schema(responses={200: serializers.FileOutput(many=True)})
    @action(detail=False)
    def shared(self, request: UserRequest) -> Response:
        """List files that others share with the user."""
        return self.list(request)

    @extend_schema(responses={200: serializers.DownloadOutput(many=True)}, filters=False)
    # Without the filters and orderings of files.
    @action(detail=True, filter_backends=(), pagination_class=CursorPagination)
    def downloads(self, request: UserRequest, *args: Any, **kwargs: Any) -> Response:
        """List when a shared file was downloaded."""
        page = self.paginate_queryset(selectors.download_list(file=self.get_object()))  # type: ignore[arg-type]
        return self.get_paginated_response(serializers.DownloadOutput(page, many=True).data)

    @extend_schema(request=serializers.FileMoveInput, responses={200: serializers.FileOutput}, filters=False)
    @action(detail=True, methods=["post"], parser_classes=[JSONParser])
    def move(self, request: UserRequest, *args: Any, **kwargs: Any) -> Response:
        """Rename a file, or move it into a folder. The extension must keep its content type."""
        data = validated(serializers.FileMoveInput, request)
        return Response(serializers.FileOutput.represent(folders.file_move(file=self.get_object(), **data)))

    @extend_schema(responses={(200, "image/webp"): OpenApiTypes.BINARY}, filters=False)
    @action(detail=True)
    def thumbnail(self, request: UserRequest, *args: Any, **kwargs: Any) -> FileResponse:
        """Download the thumbnail of an image. It appears some time after the upload."""
        name = self.get_object().thumbnail_name
        if not name:
            raise Http404
        return FileResponse(storage.open(name), content_type="image/webp", headers=DOWNLOAD_HEADERS)

    @extend_schema(request=None, responses={200: serializers.LinkOutput}, filters=False)
    @method_decorator(cache_control(no_store=True))
    @action(detail=True, methods=["post"])
    def link(self, request: UserRequest, *args: Any, **kwargs: Any) -> Response:
        """Create a download link. It works without authentication and expires soon.

        A link to a file that others share with the user is an entry in the download log.
        """
        link = shares.file_link(file=self.get_object(), user=request.user)
        path = reverse("v1:files:content", args=[kwargs["pk"]], query={"token": link.token})
        url = link.url or request.build_absolute_uri(path)
        return Response(serializers.LinkOutput({"url": url, "expires_at": link.expires_at}).data)


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


@method_decorator(cache_control(private=True, no_store=True), name="dispatch")
class LinkView(APIView):
    """Base of the targets of links, which are the only credential."""

    extra_problems = {"GET": [HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND]}
    authentication_classes = ()
    permission_classes = (AllowAny,)
    throttle_classes = (TokenThrottle,)


download_schema = extend_schema(
    parameters=[serializers.LinkQuery],
    responses={(200, "application/octet-stream"): OpenApiTypes.BINARY},
)


class ContentView(LinkView):
    """Target of download links if the storage signs none itself."""

    @download_schema
    def get(self, request: Request, key: UUID) -> FileResponse:
        """Download a file with a signed link."""
        file = selectors.file_by_link(key=key, token=request.query_params.get("token", ""))
        if file is None:
            raise Http404
        return attachment(file, storage.open(file.storage_name))


class SharedContentView(LinkView):
    """Target of shared links."""

    @download_schema
    def get(self, request: Request) -> FileResponse:
        """Download a file with a shared link. Each request counts as a download."""
        file, content = shares.share_download(token=request.query_params.get("token", ""))
        return attachment(file, content)

    def head(self, request: Request) -> Response:
        """Return whether the link is valid, without counting a download."""
        selectors.share_by_token(request.query_params.get("token", ""))
        return Response()
