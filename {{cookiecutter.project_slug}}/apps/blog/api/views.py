"""HTTP layer of posts: validate, call a service or a selector, serialize."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import FileResponse, Http404
from django.shortcuts import get_object_or_404
from django.utils.decorators import method_decorator
from django.utils.http import quote_etag
from django.views.decorators.http import condition
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import generics, viewsets
from rest_framework.decorators import action
from rest_framework.permissions import IsAuthenticatedOrReadOnly
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.blog import selectors
from apps.blog.api import serializers
from apps.blog.api.filters import EditorialFilter, PostFilter
from apps.blog.api.sparse import SparseQuery
from apps.blog.caching import content_remember
from apps.blog.exceptions import NotAllowed
from apps.blog.models import Bookmark, Category, Post, Revision, Tag
from apps.blog.services import engagement, posts, states
from apps.core.api.parsers import MultiPartParser
from apps.core.api.serializers import validated
from apps.users.authentication import UserRequest

# Problems of requests that a concurrent change of the status rejects.
CONFLICTS = {"POST": [HTTPStatus.CONFLICT]}
# Other query parameters would fill the cache with lists that are requested once.
CACHED_PARAMETERS = frozenset({"author", "category", "fields", "include", "ordering", "page_size", "tag"})


def published_post(slug: str) -> Post:
    return get_object_or_404(selectors.post_list(), slug=slug)


def visible_post(request: Request, slug: str) -> Post:
    """Return a post that the user may see; all others yield 404."""
    return get_object_or_404(selectors.post_list_visible(user=request.user), slug=slug)


def own_post(request: Request, slug: str) -> Post:
    """Return a post whose texts the user may see in all versions."""
    post = visible_post(request, slug)
    if not selectors.may_edit(request.user, post):
        raise NotAllowed
    return post


def represented(post: Post) -> dict[str, Any]:
    """Return all fields of a post but the counts and related posts."""
    return serializers.PostOutput.represent(post, serializers.PostOutput.Meta.fields)


def related_rows(slug: str) -> list[dict[str, Any]]:
    related = selectors.posts_related(get_object_or_404(Post, slug=slug))
    return [serializers.PostRow.represent(post) for post in related]


def add_counts(rows: list[dict[str, Any]], names: frozenset[str]) -> None:
    """Add those counts that are in `names`, which are not cached."""
    posts_by_key = {UUID(row["id"]): row for row in rows}
    if "comment_count" in names:
        comments = selectors.comment_counts(posts_by_key)
        for key, row in posts_by_key.items():
            row["comment_count"] = comments.get(key, 0)
    if "reactions" in names:
        reactions = selectors.reaction_counts(posts_by_key)
        for key, row in posts_by_key.items():
            row["reactions"] = reactions.get(key, {})


class PostViewSet(viewsets.GenericViewSet[Post]):
    queryset = Post.objects.none()
    serializer_class = serializers.PostOutput
    permission_classes = (IsAuthenticatedOrReadOnly,)
    filterset_class = PostFilter
    search_fields = ("title", "excerpt")
    ordering_fields = ("published_at", "title")
    ordering = ("-published_at",)
    lookup_field = "slug"
    lookup_value_regex = "[-a-zA-Z0-9_]+"
    extra_problems = {"PATCH": [HTTPStatus.CONFLICT], "DELETE": [HTTPStatus.CONFLICT]}

    request: UserRequest

    @extend_schema(parameters=[SparseQuery], responses={200: serializers.PostRow(many=True)})
    def list(self, request: Request) -> Response:
        """List published posts."""
        names = serializers.PostRow.selected(request)

        def page() -> Any:
            texts = selectors.TEXTS if "body_html" not in names else ("body",)
            found = self.paginate_queryset(self.filter_queryset(selectors.post_list().defer(*texts)))
            rows = [serializers.PostRow.represent(post, names) for post in found or ()]
            return self.get_paginated_response(rows).data

        cacheable = request.query_params.keys() <= CACHED_PARAMETERS
        data = content_remember(f"list:{request.build_absolute_uri()}", page) if cacheable else page()
        add_counts(data["results"], names)
        return Response(data)

    @extend_schema(parameters=[SparseQuery])
    def retrieve(self, request: Request, slug: str) -> Response:
        """Retrieve a post. Authors see their drafts, publishers all posts."""
        names = serializers.PostOutput.selected(request)
        try:
            row = content_remember(f"post:{slug}", lambda: represented(published_post(slug)))
        except Http404:
            row = represented(visible_post(request, slug))
        row = {name: row[name] for name in row if name in names}
        add_counts([row], names)
        if "related" in names:
            row["related"] = content_remember(f"related:{slug}", lambda: related_rows(slug))
        return Response(row)

    @extend_schema(request=serializers.PostInput)
    def create(self, request: UserRequest) -> Response:
        """Create a draft. Requires the permission `blog.add_post`."""
        post = posts.post_create(author=request.user, **validated(serializers.PostInput, request))
        return Response(represented(post), status=HTTPStatus.CREATED)

    @extend_schema(request=serializers.PostInput)
    def partial_update(self, request: UserRequest, slug: str) -> Response:
        """Change an own draft, or as a publisher any post. Omitted fields keep their value."""
        post = visible_post(request, slug)
        values = validated(serializers.PostInput, request, instance=post)
        return Response(represented(posts.post_update(post=post, user=request.user, **values)))

    def destroy(self, request: UserRequest, slug: str) -> Response:
        """Delete an own draft, or as a publisher any post. It can be restored."""
        posts.post_delete(post=visible_post(request, slug), user=request.user)
        return Response(status=HTTPStatus.NO_CONTENT)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def restore(self, request: UserRequest, slug: str) -> Response:
        """Restore a deleted post as a draft."""
        post = get_object_or_404(selectors.post_list_deleted(user=request.user), slug=slug)
        return Response(represented(posts.post_restore(post=post, user=request.user)))

    @extend_schema(operation_id="blog_posts_move", request=None)
    @action(
        detail=True,
        methods=["post"],
        url_path="(?P<transition>submit|withdraw|archive|reopen)",
        extra_problems=CONFLICTS,
    )
    def move(self, request: UserRequest, slug: str, transition: str) -> Response:
        """Submit a draft, withdraw a post from review, archive a published one, reopen an archived one."""
        post = visible_post(request, slug)
        states.post_move(post=post, user=request.user, transition=transition)
        return Response(represented(post))

    @extend_schema(request=serializers.PublishInput)
    @action(detail=True, methods=["post"], extra_problems=CONFLICTS)
    def publish(self, request: UserRequest, slug: str) -> Response:
        """Publish a post in review, immediately or later. Requires the permission `blog.publish_post`."""
        data = validated(serializers.PublishInput, request)
        post = states.post_publish(post=visible_post(request, slug), user=request.user, **data)
        return Response(represented(post))

    @extend_schema(request=serializers.ReactionInput, responses={204: None})
    @action(detail=True, methods=["put"], extra_problems={})
    def reaction(self, request: UserRequest, slug: str) -> Response:
        """Set the own reaction to a published post."""
        data = validated(serializers.ReactionInput, request)
        engagement.reaction_set(post=published_post(slug), user=request.user, **data)
        return Response(status=HTTPStatus.NO_CONTENT)

    @extend_schema(responses={204: None})
    @reaction.mapping.delete
    def reaction_remove(self, request: UserRequest, slug: str) -> Response:
        """Remove the own reaction."""
        engagement.reaction_remove(post=published_post(slug), user=request.user)
        return Response(status=HTTPStatus.NO_CONTENT)

    @extend_schema(request=None, responses={204: None})
    @action(detail=True, methods=["put"], extra_problems={})
    def bookmark(self, request: UserRequest, slug: str) -> Response:
        """Bookmark a published post."""
        engagement.bookmark_add(post=published_post(slug), user=request.user)
        return Response(status=HTTPStatus.NO_CONTENT)

    @extend_schema(responses={204: None})
    @bookmark.mapping.delete
    def bookmark_remove(self, request: UserRequest, slug: str) -> Response:
        """Remove a bookmark."""
        engagement.bookmark_remove(post=published_post(slug), user=request.user)
        return Response(status=HTTPStatus.NO_CONTENT)


class EditorialListView(generics.ListAPIView[Post]):
    """List own posts in every state; for publishers, those of all authors."""

    queryset = Post.objects.none()
    serializer_class = serializers.EditorialRow
    filterset_class = EditorialFilter
    search_fields = ("title", "excerpt")

    request: UserRequest

    def get_queryset(self) -> QuerySet[Post]:
        return selectors.post_list_editable(user=self.request.user).defer(*selectors.TEXTS)


class CoverView(APIView):
    extra_problems = {
        "PUT": [HTTPStatus.CONFLICT, HTTPStatus.SERVICE_UNAVAILABLE],
        "DELETE": [HTTPStatus.CONFLICT],
    }
    permission_classes = (IsAuthenticatedOrReadOnly,)
    parser_classes = (MultiPartParser,)

    @extend_schema(responses={(200, "image/webp"): OpenApiTypes.BINARY})
    def get(self, request: Request, slug: str) -> FileResponse:
        """Download the cover image of a post."""
        cover = visible_post(request, slug).cover
        if not cover:
            raise Http404
        return self._file(request, cover=cover)

    @extend_schema(request=serializers.CoverInput, responses={204: None})
    def put(self, request: UserRequest, slug: str) -> Response:
        """Set the cover image: JPEG, PNG or WebP, at most 5 MB. It is scaled to 1600 pixels."""
        post = visible_post(request, slug)
        data = validated(serializers.CoverInput, request)
        posts.cover_set(post=post, user=request.user, file=data["cover"])
        return Response(status=HTTPStatus.NO_CONTENT)

    @extend_schema(responses={204: None})
    def delete(self, request: UserRequest, slug: str) -> Response:
        """Remove the cover image."""
        posts.cover_set(post=visible_post(request, slug), user=request.user, file=None)
        return Response(status=HTTPStatus.NO_CONTENT)

    # The name changes with the content.
    @method_decorator(condition(etag_func=lambda _request, cover: quote_etag(cover.name)))
    def _file(self, request: Request, *, cover: Any) -> FileResponse:
        try:
            return FileResponse(cover.open("rb"), content_type="image/webp")
        except FileNotFoundError as error:
            raise Http404 from error


class RevisionListView(APIView):
    @extend_schema(responses={200: serializers.RevisionRow(many=True)})
    def get(self, request: UserRequest, slug: str) -> Response:
        """List the revisions of an own post, newest first; at most 50 are kept."""
        found = own_post(request, slug).revisions.select_related("editor").defer("body", "excerpt")
        return Response([serializers.RevisionRow.represent(revision) for revision in found])


class RevisionView(APIView):
    extra_problems = CONFLICTS

    @extend_schema(responses={200: serializers.RevisionOutput})
    def get(self, request: UserRequest, slug: str, number: int) -> Response:
        """Retrieve a revision of an own post, with the changes from the previous one."""
        revision = self._revision(request, slug, number)
        return Response(serializers.RevisionOutput.represent(revision))

    @extend_schema(request=None, responses={200: serializers.PostOutput})
    def post(self, request: UserRequest, slug: str, number: int) -> Response:
        """Restore the texts of a revision, which adds a new revision."""
        revision = self._revision(request, slug, number)
        post = posts.revision_restore(revision=revision, user=request.user)
        return Response(represented(post))

    def _revision(self, request: UserRequest, slug: str, number: int) -> Revision:
        post = own_post(request, slug)
        return get_object_or_404(post.revisions.select_related("editor"), number=number)


class CategoryListView(APIView):
    permission_classes = (IsAuthenticatedOrReadOnly,)

    @extend_schema(responses={200: serializers.CategoryNodeOutput(many=True)})
    def get(self, request: Request) -> Response:
        """List all categories; `parent` makes them a tree."""
        nodes = Category.objects.select_related("parent")
        represent = serializers.CategoryNodeOutput.represent
        return Response(content_remember("categories", lambda: [represent(node) for node in nodes]))


class TagListView(generics.ListAPIView[Tag]):
    """List tags."""

    permission_classes = (IsAuthenticatedOrReadOnly,)
    queryset = Tag.objects.all()
    serializer_class = serializers.TagOutput
    search_fields = ("name",)
    ordering = ("name",)


class BookmarkListView(generics.ListAPIView[Bookmark]):
    """List own bookmarks."""

    queryset = Bookmark.objects.none()
    serializer_class = serializers.BookmarkOutput
    filter_backends = ()

    request: UserRequest

    def get_queryset(self) -> QuerySet[Bookmark]:
        return selectors.bookmark_list(user=self.request.user)
