"""Models of the blog. `docs/blog.md` has the states of a post and the permissions."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.core.models import SluggedModel, SoftDeleteModel, TimeStampedModel, UUIDModel

if TYPE_CHECKING:
    from datetime import datetime

# The condition of the public lists.
PUBLIC = Q(status="published", deleted_at=None)
MAX_BODY = 50_000
# The time to parse brackets grows with the square of their number.
MAX_BRACKETS = 2_000
MAX_COMMENT = 5_000
# Levels of replies below a comment.
MAX_DEPTH = 3


def validate_brackets(markdown: str) -> None:
    if markdown.count("[") > MAX_BRACKETS:
        raise ValidationError(_("The text has too many brackets."), code="too_many_brackets")


def cover_path(_instance: Post, _filename: str) -> str:
    """Return a random path that does not depend on the uploaded file name."""
    return f"covers/{uuid.uuid4().hex}.webp"


class Category(UUIDModel, TimeStampedModel, SluggedModel):
    slug_source = "name"

    name = models.CharField(_("name"), max_length=80)
    description = models.CharField(_("description"), max_length=300, blank=True)
    parent = models.ForeignKey(
        "self",
        verbose_name=_("parent"),
        on_delete=models.PROTECT,
        related_name="children",
        null=True,
        blank=True,
    )

    class Meta:
        verbose_name = _("category")
        verbose_name_plural = _("categories")
        ordering = ("name", "id")

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Reject a parent that is the category itself or one of its descendants."""
        parents = dict(Category.objects.values_list("pk", "parent_id"))
        seen, above = {self.pk}, self.parent_id
        while above and above not in seen:
            seen.add(above)
            above = parents.get(above)
        if above:
            message = _("A category cannot be below itself.")
            raise ValidationError({"parent": ValidationError(message, code="cycle")})


class Tag(UUIDModel, TimeStampedModel, SluggedModel):
    slug_source = "name"

    name = models.CharField(_("name"), max_length=50, unique=True)

    class Meta:
        verbose_name = _("tag")
        verbose_name_plural = _("tags")
        ordering = ("name", "id")

    def __str__(self) -> str:
        return self.name


class Post(UUIDModel, TimeStampedModel, SoftDeleteModel, SluggedModel):
    """Post in Markdown. The services change the status and render the body."""

    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        REVIEW = "review", _("In review")
        PUBLISHED = "published", _("Published")
        ARCHIVED = "archived", _("Archived")

    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("author"),
        on_delete=models.SET_NULL,
        related_name="blog_posts",
        # Empty after the deletion of the account.
        null=True,
        blank=True,
    )
    category = models.ForeignKey(
        Category,
        verbose_name=_("category"),
        on_delete=models.SET_NULL,
        related_name="posts",
        null=True,
        blank=True,
    )
    tags = models.ManyToManyField(Tag, verbose_name=_("tags"), related_name="posts", blank=True)
    title = models.CharField(_("title"), max_length=200)
    excerpt = models.CharField(_("excerpt"), max_length=500, blank=True)
    body = models.TextField(
        _("text"), help_text="Markdown", validators=[MaxLengthValidator(MAX_BODY), validate_brackets]
    )
    body_html = models.TextField(blank=True, editable=False)
    seo_title = models.CharField(_("title for search engines"), max_length=70, blank=True)
    seo_description = models.CharField(_("description for search engines"), max_length=160, blank=True)
    cover = models.FileField(_("cover image"), upload_to=cover_path, blank=True, editable=False)
    reading_minutes = models.PositiveSmallIntegerField(
        _("reading time in minutes"), default=1, editable=False
    )
    status = models.CharField(
        _("status"), max_length=10, choices=Status.choices, default=Status.DRAFT, editable=False
    )
    # Not null, since PostgreSQL uses no ordinary index to sort nulls last.
    published_at = models.DateTimeField(
        _("published at"),
        default=timezone.now,
        editable=False,
        help_text=_("Before the publication, the time of creation."),
    )
    publish_at = models.DateTimeField(_("scheduled for"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("post")
        verbose_name_plural = _("posts")
        ordering = ("-created_at", "-id")
        permissions = [("publish_post", "Can review, publish and archive posts of all authors")]
        # One for each filter and ordering.
        indexes = [
            models.Index(fields=["-published_at", "-id"], condition=PUBLIC, name="blog_post_newest"),
            models.Index(
                fields=["category", "-published_at", "-id"], condition=PUBLIC, name="blog_post_of_category"
            ),
            models.Index(
                fields=["author", "-published_at", "-id"], condition=PUBLIC, name="blog_post_of_author"
            ),
            models.Index(fields=["title", "id"], condition=PUBLIC, name="blog_post_title"),
            models.Index(fields=["author", "-created_at", "-id"], name="blog_post_own"),
            models.Index(fields=["-created_at", "-id"], name="blog_post_created"),
            models.Index(
                fields=["-created_at", "-id"], condition=Q(status="review"), name="blog_post_in_review"
            ),
            # For `publish_posts`.
            models.Index(
                fields=["publish_at"],
                condition=Q(status="review", publish_at__isnull=False),
                name="blog_post_scheduled",
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(publish_at=None) | Q(status="review"), name="blog_post_scheduled_in_review"
            )
        ]

    def __str__(self) -> str:
        return self.title

    def clean(self) -> None:
        """Reject the slug of a deleted post, which the check of Django ignores."""
        deleted = Post.all_objects.exclude(deleted_at=None).exclude(pk=self.pk)
        if self.slug and deleted.filter(slug=self.slug).exists():
            raise ValidationError({"slug": self.unique_error_message(Post, ("slug",))})

    @property
    def public_since(self) -> datetime | None:
        """Return the time of publication; None for a draft or a post in review."""
        return self.published_at if self.status in {"published", "archived"} else None


class Revision(UUIDModel):
    """Texts of a post after a change."""

    post = models.ForeignKey(Post, verbose_name=_("post"), on_delete=models.CASCADE, related_name="revisions")
    number = models.PositiveIntegerField(_("number"))
    editor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("editor"),
        on_delete=models.SET_NULL,
        related_name="blog_revisions",
        null=True,
    )
    title = models.CharField(_("title"), max_length=200)
    excerpt = models.CharField(_("excerpt"), max_length=500, blank=True)
    body = models.TextField(_("text"))
    created_at = models.DateTimeField(_("created at"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("revision")
        verbose_name_plural = _("revisions")
        ordering = ("-number",)
        constraints = [models.UniqueConstraint(fields=["post", "number"], name="blog_revision_once")]

    def __str__(self) -> str:
        return str(self.number)


class Comment(UUIDModel, TimeStampedModel):
    """Comment on a post. Replies of all depths refer to the first comment of their thread."""

    class Status(models.TextChoices):
        PENDING = "pending", _("Pending")
        APPROVED = "approved", _("Approved")
        REJECTED = "rejected", _("Rejected")

    post = models.ForeignKey(Post, verbose_name=_("post"), on_delete=models.CASCADE, related_name="comments")
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("author"),
        on_delete=models.SET_NULL,
        related_name="blog_comments",
        null=True,
    )
    thread = models.ForeignKey(
        "self", on_delete=models.CASCADE, related_name="replies", null=True, editable=False
    )
    parent = models.ForeignKey(
        "self",
        verbose_name=_("reply to"),
        on_delete=models.CASCADE,
        related_name="answers",
        null=True,
        editable=False,
    )
    depth = models.PositiveSmallIntegerField(default=0, editable=False)
    # Empty after its author deleted it, if it has replies.
    body = models.TextField(_("text"), blank=True, validators=[MaxLengthValidator(MAX_COMMENT)])
    status = models.CharField(
        _("status"), max_length=10, choices=Status.choices, default=Status.PENDING, editable=False
    )

    class Meta:
        verbose_name = _("comment")
        verbose_name_plural = _("comments")
        ordering = ("-created_at", "-id")
        permissions = [("moderate_comment", "Can approve and reject comments")]
        indexes = [
            models.Index(
                fields=["post", "-created_at", "-id"],
                condition=Q(thread=None),
                name="blog_comment_threads",
            ),
            models.Index(fields=["status", "-created_at", "-id"], name="blog_comment_queue"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(depth__lte=MAX_DEPTH), name="blog_comment_max_depth"),
        ]

    def __str__(self) -> str:
        # Kept in the admin log even after deletion: no personal data.
        return str(self.pk)


class Reaction(UUIDModel, TimeStampedModel):
    """Reaction of a user to a post, one per user."""

    class Kind(models.TextChoices):
        LIKE = "like", _("Like")
        LOVE = "love", _("Love")
        INSIGHTFUL = "insightful", _("Insightful")

    post = models.ForeignKey(Post, verbose_name=_("post"), on_delete=models.CASCADE, related_name="reactions")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("user"),
        on_delete=models.CASCADE,
        related_name="blog_reactions",
    )
    kind = models.CharField(_("kind"), max_length=20, choices=Kind.choices)

    class Meta:
        verbose_name = _("reaction")
        verbose_name_plural = _("reactions")
        ordering = ("-created_at", "-id")
        constraints = [models.UniqueConstraint(fields=["post", "user"], name="blog_reaction_once")]

    def __str__(self) -> str:
        return str(self.pk)


class Bookmark(UUIDModel, TimeStampedModel):
    post = models.ForeignKey(Post, verbose_name=_("post"), on_delete=models.CASCADE, related_name="bookmarks")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("user"),
        on_delete=models.CASCADE,
        related_name="blog_bookmarks",
    )

    class Meta:
        verbose_name = _("bookmark")
        verbose_name_plural = _("bookmarks")
        ordering = ("-created_at", "-id")
        indexes = [models.Index(fields=["user", "-created_at", "-id"], name="blog_bookmark_newest")]
        constraints = [models.UniqueConstraint(fields=["post", "user"], name="blog_bookmark_once")]

    def __str__(self) -> str:
        return str(self.pk)
