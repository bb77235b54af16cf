"""Create, change, delete and restore posts; their cover images and revisions.

Authors may change and delete their drafts, publishers all posts. Otherwise the functions raise `NotAllowed`,
or `WrongState` if the post is not a draft any more, and `ValidationError` if a value is not valid.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.db import transaction

from apps.blog.exceptions import NotAllowed, WrongState
from apps.blog.models import Post
from apps.blog.selectors import may_edit, may_publish
from apps.blog.services.rendering import html_of, reading_minutes_of
from apps.core.images import image_to_webp
from apps.core.validators import validate_extension, validate_size

if TYPE_CHECKING:
    from collections.abc import Collection

    from django.core.files.uploadedfile import UploadedFile
    from django.db.models.fields.files import FieldFile

    from apps.blog.models import Revision, Tag
    from apps.users.models import User

COVER_MAX_BYTES = 5_000_000
COVER_MAX_PIXELS = (1600, 1600)
COVER_EXTENSIONS = frozenset({"jpg", "jpeg", "png", "webp"})
COVER_FORMATS = frozenset({"JPEG", "PNG", "WEBP"})
# Texts of a revision.
TEXTS = ("title", "excerpt", "body")
# Columns that other services write, perhaps concurrently.
STATE = frozenset({"id", "author", "status", "published_at", "publish_at", "deleted_at", "cover"})
REVISIONS_KEPT = 50


@transaction.atomic
def post_create(*, author: User, tags: Collection[Tag] = (), **values: Any) -> Post:
    """Create a draft; the author needs the permission `blog.add_post`."""
    if not author.has_perm("blog.add_post"):
        raise NotAllowed
    post = Post(author=author, **values)
    post_save(post=post, editor=author)
    post.tags.set(tags)
    return post


@transaction.atomic
def post_update(*, post: Post, user: User, tags: Collection[Tag] | None = None, **values: Any) -> Post:
    """Change fields of a post; None keeps the tags."""
    post = _locked_for_change(post, user)
    for name, value in values.items():
        setattr(post, name, value)
    post_save(post=post, editor=user)
    if tags is not None:
        post.tags.set(tags)
    return post


@transaction.atomic
def post_save(*, post: Post, editor: User | None) -> None:
    """Validate, render and store a post without checking permissions; new texts become a revision."""
    # First, since it bounds the text to render.
    post.full_clean()
    post.body_html = html_of(post.body)
    post.reading_minutes = reading_minutes_of(post.body)
    if post._state.adding:  # noqa: SLF001 - documented
        post.save()
    else:
        # The lock makes the number of the revision unique.
        list(Post.all_objects.select_for_update(no_key=True).filter(pk=post.pk).values_list("pk"))
        columns = {field.name for field in Post._meta.concrete_fields}  # noqa: SLF001 - Django's documented Options API
        post.save(update_fields=columns - STATE)
    texts = {name: getattr(post, name) for name in TEXTS}
    newest = post.revisions.first()
    if newest is None or texts != {name: getattr(newest, name) for name in TEXTS}:
        number = newest.number + 1 if newest else 1
        post.revisions.create(number=number, editor=editor, **texts)
        post.revisions.filter(number__lte=number - REVISIONS_KEPT).delete()


@transaction.atomic
def post_delete(*, post: Post, user: User) -> None:
    """Mark a post as deleted."""
    _locked_for_change(post, user).delete()


@transaction.atomic
def post_restore(*, post: Post, user: User) -> Post:
    """Restore a deleted post as a draft."""
    if not may_edit(user, post):
        raise NotAllowed
    deleted = Post.all_objects.select_for_update(no_key=True).filter(pk=post.pk).exclude(deleted_at=None)
    # A status set since another request restored it stays.
    if not deleted.exists():
        raise WrongState
    post.deleted_at, post.publish_at, post.status = None, None, Post.Status.DRAFT
    post.save(update_fields=["deleted_at", "publish_at", "status", "updated_at"])
    return post


def revision_restore(*, revision: Revision, user: User) -> Post:
    """Set the texts of a post to those of a revision, which adds a new revision."""
    texts = {name: getattr(revision, name) for name in TEXTS}
    return post_update(post=revision.post, user=user, **texts)


def cover_delete(cover: FieldFile) -> None:
    """Delete the file after the commit, since a rollback would keep the reference to it."""
    if cover.name:
        transaction.on_commit(partial(cover.storage.delete, cover.name), robust=True)


def cover_set(*, post: Post, user: User, file: UploadedFile[Any] | None) -> None:
    """Replace the cover image by a re-encoded copy of the upload, which has no metadata; None removes it."""
    try:
        picture = file and _redraw(file)
    except ValidationError as error:
        raise ValidationError({"cover": error.error_list}) from error
    with transaction.atomic():
        post = _locked_for_change(post, user)
        cover_delete(post.cover)
        post.cover = picture or ""
        post.save(update_fields=["cover", "updated_at"])


def _redraw(file: UploadedFile[Any]) -> ContentFile[bytes]:
    validate_size(file, max_bytes=COVER_MAX_BYTES)
    validate_extension(file, allowed=COVER_EXTENSIONS)
    content = image_to_webp(file, formats=COVER_FORMATS, max_pixels=COVER_MAX_PIXELS, mode="RGB")
    return ContentFile(content, name="cover.webp")


def _locked_for_change(post: Post, user: User) -> Post:
    """Return the current row, locked until the end of the transaction, if the user may change it."""
    current: Post | None = Post.objects.select_for_update(no_key=True).filter(pk=post.pk).first()
    if current is None:
        raise WrongState
    if not may_edit(user, current):
        raise NotAllowed
    if current.status != Post.Status.DRAFT and not may_publish(user):
        raise WrongState
    return current
