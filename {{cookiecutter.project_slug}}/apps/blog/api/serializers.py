"""Input and output serializers of the blog API. Output serializers list their fields explicitly."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.blog.api.sparse import SparseOutput
from apps.blog.models import MAX_COMMENT, Bookmark, Category, Comment, Post, Reaction, Revision, Tag
from apps.blog.selectors import revision_diff
from apps.core.api.serializers import OutputSerializer
from apps.users.models import User

MAX_TAGS = 10


class AuthorOutput(OutputSerializer):
    """The public part of a user: never the email."""

    name = serializers.SerializerMethodField()

    class Meta:
        model = User
        fields = ["id", "name"]

    def get_name(self, user: User) -> str:
        return f"{user.first_name} {user.last_name}".strip()


class CategoryOutput(OutputSerializer):
    class Meta:
        model = Category
        fields = ["slug", "name"]


class CategoryNodeOutput(OutputSerializer):
    """A category of the tree; `parent` is the slug of the category above."""

    parent = serializers.SlugRelatedField[Category](slug_field="slug", read_only=True, allow_null=True)  # type: ignore[assignment] # also an attribute of the base

    class Meta:
        model = Category
        fields = ["slug", "name", "description", "parent"]


class TagOutput(OutputSerializer):
    class Meta:
        model = Tag
        fields = ["slug", "name"]


class PostInput(serializers.ModelSerializer[Post]):
    category = serializers.SlugRelatedField(
        slug_field="slug", queryset=Category.objects.all(), required=False, allow_null=True
    )
    # Not a related field, which needs one query for each tag.
    tags = serializers.ListField(
        child=serializers.SlugField(max_length=80), max_length=MAX_TAGS, required=False
    )

    class Meta:
        model = Post
        fields = ["title", "slug", "excerpt", "body", "category", "tags", "seo_title", "seo_description"]

    def validate_tags(self, slugs: list[str]) -> list[Tag]:
        tags = list(Tag.objects.filter(slug__in=slugs))
        if missing := set(slugs) - {tag.slug for tag in tags}:
            message = _("Unknown tags: %(tags)s.") % {"tags": ", ".join(sorted(missing))}
            raise serializers.ValidationError(message, code="does_not_exist")
        return tags


class CoverInput(serializers.Serializer[Any]):
    cover = serializers.FileField(max_length=255)


class PublishInput(serializers.Serializer[Any]):
    publish_at = serializers.DateTimeField(
        required=False, allow_null=True, help_text="Publish at this time instead of immediately."
    )


class PostRow(SparseOutput):
    """A post in a list."""

    author = AuthorOutput(read_only=True, allow_null=True)
    category = CategoryOutput(read_only=True, allow_null=True)
    tags = TagOutput(many=True, read_only=True)
    published_at = serializers.DateTimeField(source="public_since", read_only=True, allow_null=True)
    cover = serializers.SerializerMethodField()
    # Added by the views, as a post has no such attributes (its `reactions` are rows).
    comment_count = serializers.IntegerField(read_only=True)
    reactions = serializers.DictField(
        source="reaction_counts",
        child=serializers.IntegerField(),
        read_only=True,
        help_text="Numbers by kind.",
    )

    class Meta:
        model = Post
        fields = [
            *("id", "slug", "title", "excerpt", "cover", "reading_minutes", "author", "category", "tags"),
            *("published_at", "body_html", "comment_count", "reactions"),
        ]
        optional: tuple[str, ...] = ("body_html", "comment_count", "reactions")

    @extend_schema_field({"type": ["string", "null"], "format": "uri-reference"})
    def get_cover(self, post: Post) -> str | None:
        return reverse("v1:blog:cover", args=[post.slug]) if post.cover else None


class EditorialRow(PostRow):
    """A post in the list of authors and publishers."""

    class Meta(PostRow.Meta):
        fields = [*PostRow.Meta.fields, "status", "publish_at", "created_at", "updated_at"]


class PostOutput(PostRow):
    # Also added by the view.
    related = PostRow(many=True, read_only=True)

    class Meta(PostRow.Meta):
        fields = [*EditorialRow.Meta.fields, "seo_title", "seo_description", "body", "related"]
        optional = ("body", "comment_count", "reactions", "related")


class RevisionRow(OutputSerializer):
    editor = AuthorOutput(read_only=True, allow_null=True)

    class Meta:
        model = Revision
        fields = ["number", "title", "editor", "created_at"]


class RevisionOutput(RevisionRow):
    diff = serializers.SerializerMethodField(help_text="Unified diff from the previous revision.")

    class Meta(RevisionRow.Meta):
        fields = [*RevisionRow.Meta.fields, "excerpt", "body", "diff"]

    def get_diff(self, revision: Revision) -> str:
        return revision_diff(revision)


class CommentInput(serializers.Serializer[Any]):
    body = serializers.CharField(max_length=MAX_COMMENT)
    parent = serializers.UUIDField(required=False, allow_null=True)  # type: ignore[assignment] # also an attribute of the base


class CommentOutput(OutputSerializer):
    """A comment; without author and text, if it is deleted or rejected and has replies."""

    author = AuthorOutput(read_only=True, allow_null=True)

    class Meta:
        model = Comment
        fields = ["id", "author", "body", "parent", "depth", "status", "created_at"]


class ThreadOutput(CommentOutput):
    """A comment with its replies of all depths, oldest first."""

    replies = CommentOutput(source="visible_replies", many=True, read_only=True)

    class Meta(CommentOutput.Meta):
        fields = [*CommentOutput.Meta.fields, "replies"]


class CommentRow(CommentOutput):
    """A comment outside its post."""

    post = serializers.SlugRelatedField[Post](slug_field="slug", read_only=True)

    class Meta(CommentOutput.Meta):
        fields = [*CommentOutput.Meta.fields, "post"]


class ReactionInput(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=Reaction.Kind.choices)


class BookmarkOutput(OutputSerializer):
    post = PostRow(read_only=True)

    class Meta:
        model = Bookmark
        fields = ["post", "created_at"]
