"""HTTP layer of comments."""

from http import HTTPStatus
from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import generics, mixins, viewsets
from rest_framework.decorators import action
from rest_framework.permissions import IsAuthenticatedOrReadOnly
from rest_framework.request import Request
from rest_framework.response import Response

from apps.blog import selectors
from apps.blog.api import serializers
from apps.blog.api.filters import CommentFilter
from apps.blog.api.throttling import CommentThrottle
from apps.blog.models import Comment
from apps.blog.services import comments
from apps.core.api.serializers import validated
from apps.core.api.throttling import AnonThrottle, UserThrottle
from apps.users.authentication import UserRequest


class ThreadListView(generics.GenericAPIView[Comment]):
    queryset = Comment.objects.none()
    serializer_class = serializers.ThreadOutput
    permission_classes = (IsAuthenticatedOrReadOnly,)
    throttle_classes = (AnonThrottle, UserThrottle, CommentThrottle)
    filter_backends = ()

    @extend_schema(responses={200: serializers.ThreadOutput(many=True)}, operation_id="blog_threads_list")
    def get(self, request: Request, slug: str) -> Response:
        """List the visible comments of a published post in threads, newest thread first."""
        post = get_object_or_404(selectors.post_list(), slug=slug)
        threads = self.paginate_queryset(selectors.thread_list(post=post)) or []
        for thread in threads:
            selectors.replies_hide(thread)
        return self.get_paginated_response(list(map(serializers.ThreadOutput.represent, threads)))

    @extend_schema(request=serializers.CommentInput, responses={201: serializers.CommentOutput})
    def post(self, request: UserRequest, slug: str) -> Response:
        """Write a comment or a reply. It is visible after a moderator approved it."""
        post = get_object_or_404(selectors.post_list(), slug=slug)
        data = validated(serializers.CommentInput, request)
        comment = comments.comment_create(post=post, author=request.user, **data)
        return Response(serializers.CommentOutput.represent(comment), status=HTTPStatus.CREATED)


@extend_schema_view(
    list=extend_schema(description="List own comments; for moderators, all."),
    retrieve=extend_schema(description="Retrieve an own comment; for moderators, any."),
)
class CommentViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Comment]):
    queryset = Comment.objects.none()
    serializer_class = serializers.CommentRow
    filterset_class = CommentFilter
    ordering_fields = ("created_at",)
    ordering = ("-created_at",)

    request: UserRequest

    def get_queryset(self) -> QuerySet[Comment]:
        """Return own comments, and for moderators all, so that others yield 404."""
        return selectors.comment_list_visible(user=self.request.user)

    def destroy(self, request: UserRequest, *args: Any, **kwargs: Any) -> Response:
        """Delete a comment. If it has replies, only its author and text are removed."""
        comments.comment_delete(comment=self.get_object(), user=request.user)
        return Response(status=HTTPStatus.NO_CONTENT)

    @extend_schema(operation_id="blog_comments_moderate", request=None)
    @action(detail=True, methods=["post"], url_path="(?P<verdict>approve|reject)")
    def moderate(self, request: UserRequest, verdict: str, **_kwargs: Any) -> Response:
        """Approve or reject a comment. Requires the permission `blog.moderate_comment`."""
        status = Comment.Status.APPROVED if verdict == "approve" else Comment.Status.REJECTED
        comment = comments.comment_moderate(comment=self.get_object(), user=request.user, status=status)
        return Response(serializers.CommentRow.represent(comment))
