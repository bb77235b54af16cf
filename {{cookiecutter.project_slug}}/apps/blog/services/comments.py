"""Write, moderate and delete comments.

The functions raise `NotAllowed` if the user may not do this.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.blog.exceptions import NotAllowed
from apps.blog.models import MAX_DEPTH, Comment, Post
from apps.blog.selectors import may_moderate
from apps.blog.signals import comment_published

if TYPE_CHECKING:
    from uuid import UUID

    from django.db.models import QuerySet

    from apps.users.models import User

# Bounds the response that contains a thread.
MAX_REPLIES = 200


@transaction.atomic
def comment_create(*, post: Post, author: User, body: str, parent: UUID | None = None) -> Comment:
    """Write a comment on a published post. Those of moderators and of the post's author need no approval.

    Raises:
        ValidationError: the post is not published, the parent is not a visible comment of the post, the
            thread is too deep or too long, or the text is not valid.
    """
    # The lock makes the limit of replies exact, and waits for a concurrent change of the status.
    published = Post.objects.select_for_update(no_key=True).filter(pk=post.pk, status=Post.Status.PUBLISHED)
    if not published.values_list("pk"):
        raise ValidationError(_("Comments are closed."), code="closed")
    above = _parent(post, parent) if parent else None
    trusted = author.pk == post.author_id or may_moderate(author)
    comment = Comment(
        post=post,
        author=author,
        parent=above,
        thread_id=(above.thread_id or above.pk) if above else None,
        depth=above.depth + 1 if above else 0,
        body=body,
        status=Comment.Status.APPROVED if trusted else Comment.Status.PENDING,
    )
    comment.full_clean(exclude=["post", "author", "parent", "thread"])
    comment.save(force_insert=True)
    if trusted:
        comment_published.send(sender=Comment, comment=comment)
    return comment


@transaction.atomic
def comment_moderate(*, comment: Comment, user: User, status: str) -> Comment:
    """Approve or reject a comment; for moderators. `comment_published` is sent for a pending comment only."""
    if not may_moderate(user):
        raise NotAllowed
    same, now = Comment.objects.filter(pk=comment.pk), timezone.now()
    was_pending = same.filter(status=Comment.Status.PENDING).update(status=status, updated_at=now)
    if not was_pending:
        same.update(status=status, updated_at=now)
    comment.status, comment.updated_at = status, now
    if was_pending and status == Comment.Status.APPROVED:
        comment_published.send(sender=Comment, comment=comment)
    return comment


@transaction.atomic
def comment_delete(*, comment: Comment, user: User) -> None:
    """Delete a comment; for its author and moderators. If it has replies, only its text and author go."""
    if comment.author_id != user.pk and not may_moderate(user):
        raise NotAllowed
    comments_erase(Comment.objects.filter(pk=comment.pk))


@transaction.atomic
def comments_erase(comments: QuerySet[Comment]) -> None:
    """Delete comments; of those with replies by others, only text and author."""
    # The lock waits for replies that are being written.
    same = Comment.objects.filter(pk__in=comments.order_by().values("pk"))
    list(same.select_for_update().order_by("pk").values_list("pk"))
    # Repeated, since a deleted reply may have been the last one.
    while comments.filter(answers=None).delete()[0]:
        pass
    comments.update(author=None, body="", updated_at=timezone.now())


def _parent(post: Post, key: UUID) -> Comment:
    # The lock waits for a concurrent deletion, or delays it.
    comments = Comment.objects.select_for_update(no_key=True)
    parent = comments.filter(pk=key, post=post, status=Comment.Status.APPROVED).first()
    if parent is None:
        message, code = _("There is no such comment."), "does_not_exist"
    elif parent.depth >= MAX_DEPTH:
        message, code = _("Replies are not possible at this depth."), "too_deep"
    elif Comment.objects.filter(thread=parent.thread_id or parent.pk).count() >= MAX_REPLIES:
        message, code = _("This thread has too many replies."), "too_many"
    else:
        return parent
    raise ValidationError({"parent": ValidationError(message, code=code)})
