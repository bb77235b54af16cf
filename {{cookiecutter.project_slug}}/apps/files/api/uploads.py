"""HTTP layer of uploads in several requests: validate, call a service or a selector, serialize."""

from http import HTTPStatus
from typing import IO, Any
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views.decorators.cache import cache_control
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import mixins, viewsets
from rest_framework.decorators import action
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.core.api.serializers import validated
from apps.core.api.throttling import UserThrottle
from apps.files import selectors
from apps.files.api import serializers
from apps.files.models import Upload
from apps.files.services import uploads
from apps.users.authentication import UserRequest

CHUNK_TYPE = "application/octet-stream"
OFFSET = OpenApiParameter("Upload-Offset", int, OpenApiParameter.HEADER, required=True)


class ChunkParser(BaseParser):
    """Parser that returns the bytes of the body, whose length the body limit bounds."""

    media_type = CHUNK_TYPE

    def parse(self, stream: IO[Any], media_type: str | None = None, parser_context: Any = None) -> Any:
        return stream.read()


class UploadThrottle(UserThrottle):
    """Limit of started uploads per user.

    A signed request stays valid after the upload was aborted, so that the quota does not bound what a client
    writes to a bucket until `purge_files` runs.
    """

    scope = "upload"

    def get_client(self, request: Request, view: APIView) -> str | None:
        return super().get_client(request, view) if getattr(view, "action", "") == "create" else None


def upload_representation(request: UserRequest, upload: Upload) -> dict[str, Any]:
    """Serialize an upload together with the request that sends its content."""
    transfer = uploads.upload_request(upload=upload)
    if transfer is None:
        url = request.build_absolute_uri(reverse("v1:files:upload-content", args=[upload.pk]))
        transfer = {"method": "PATCH", "url": url, "headers": {"Content-Type": CHUNK_TYPE}, "form": {}}
        # Below the body limits of the application and its proxy.
        transfer["chunk_bytes"] = min(settings.DATA_UPLOAD_MAX_MEMORY_SIZE, settings.FILE_MAX_BYTES)
    return serializers.UploadOutput.represent(upload) | {"transfer": {"chunk_bytes": None, **transfer}}


@extend_schema_view(
    list=extend_schema(description="List own uploads in progress."),
    destroy=extend_schema(description="Abort an upload."),
)
class UploadViewSet(mixins.ListModelMixin, mixins.DestroyModelMixin, viewsets.GenericViewSet[Upload]):
    extra_problems = {"POST": [HTTPStatus.BAD_REQUEST]}
    queryset = Upload.objects.none()
    serializer_class = serializers.UploadOutput
    throttle_classes = (UserThrottle, UploadThrottle)
    ordering = ("-created_at",)

    request: UserRequest

    def get_queryset(self) -> QuerySet[Upload]:
        """Return own uploads only, so that other users' uploads yield 404."""
        return selectors.upload_list(owner=self.request.user)

    @extend_schema(request=serializers.UploadInput, responses={201: serializers.UploadDetail})
    @method_decorator(cache_control(no_store=True))
    def create(self, request: UserRequest) -> Response:
        """Start the upload of a large file. `transfer` is the request that sends the content.

        `POST` is a form with the fields of `form` and then `file`; `PUT` has the content as its body; `PATCH`
        is repeated with chunks of at most `chunk_bytes`. All of them need `headers`.
        """
        upload = uploads.upload_create(owner=request.user, **validated(serializers.UploadInput, request))
        return Response(upload_representation(request, upload), status=HTTPStatus.CREATED)

    @extend_schema(responses={200: serializers.UploadDetail})
    @method_decorator(cache_control(no_store=True))
    def retrieve(self, request: UserRequest, *args: Any, **kwargs: Any) -> Response:
        """Retrieve an upload, to resume it."""
        return Response(upload_representation(request, self.get_object()))

    def perform_destroy(self, instance: Upload) -> None:
        uploads.upload_abort(upload=instance)

    @extend_schema(request=None, responses={201: serializers.FileOutput})
    @action(
        detail=True,
        methods=["post"],
        extra_problems={"POST": [HTTPStatus.BAD_REQUEST, HTTPStatus.CONFLICT]},
    )
    def complete(self, request: UserRequest, *args: Any, **kwargs: Any) -> Response:
        """Validate the uploaded content and create the file. Invalid content is deleted."""
        file = uploads.upload_complete(upload=self.get_object())
        return Response(serializers.FileOutput.represent(file), status=HTTPStatus.CREATED)


class UploadContentView(APIView):
    """Target of chunks if the storage does not sign uploads."""

    extra_problems = {"PATCH": [HTTPStatus.CONFLICT]}

    parser_classes = (ChunkParser,)

    def get_upload(self, request: UserRequest, key: UUID) -> Upload:
        return get_object_or_404(selectors.upload_list(owner=request.user), pk=key)

    @method_decorator(cache_control(no_store=True))
    def head(self, request: UserRequest, key: UUID) -> Response:
        """Return the offset, where the next chunk must begin."""
        upload = self.get_upload(request, key)
        return Response(headers={"Upload-Offset": str(upload.offset), "Upload-Length": str(upload.size)})

    @extend_schema(parameters=[OFFSET], request={CHUNK_TYPE: OpenApiTypes.BINARY}, responses={204: None})
    def patch(self, request: UserRequest, key: UUID) -> Response:
        """Send a chunk. It must begin at `Upload-Offset`, which `HEAD` returns.

        If the response is lost, request the offset and continue there.
        """
        upload = self.get_upload(request, key)
        # The bytes that the parser returned.
        chunk: Any = request.data
        header = serializers.OffsetHeader(data={"offset": request.headers.get("Upload-Offset")})
        header.is_valid(raise_exception=True)
        offset = uploads.upload_write(upload=upload, chunk=chunk, **header.validated_data)
        return Response(status=HTTPStatus.NO_CONTENT, headers={"Upload-Offset": str(offset)})
