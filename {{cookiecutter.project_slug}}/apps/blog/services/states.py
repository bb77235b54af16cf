"""States of a post: draft, in review, published, archived.

Each transition is one conditional UPDATE, so that of two concurrent requests only one succeeds. The functions
raise `NotAllowed` if the user may not do this, and `WrongState` if the post is in another state.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from apps.blog.exceptions import NotAllowed, WrongState
from apps.blog.models import Post
from apps.blog.selectors import may_edit, may_publish
from apps.blog.signals import post_changed, post_published

if TYPE_CHECKING:
    from datetime import datetime

    from apps.users.models import User

Status = Post.Status
IN_REVIEW = Q(status=Status.REVIEW)
# Source and target; for the author of a post and for publishers.
TRANSITIONS: dict[str, tuple[str, str]] = {
    "submit": (Status.DRAFT, Status.REVIEW),
    "withdraw": (Status.REVIEW, Status.DRAFT),
    "archive": (Status.PUBLISHED, Status.ARCHIVED),
    "reopen": (Status.ARCHIVED, Status.DRAFT),
}


@transaction.atomic
def post_move(*, post: Post, user: User, transition: str) -> Post:
    """Make one of `TRANSITIONS`. To withdraw a scheduled post cancels its publication."""
    if not may_edit(user, post):
        raise NotAllowed
    source, target = TRANSITIONS[transition]
    return _change(post, Q(status=source), status=target, publish_at=None)


@transaction.atomic
def post_publish(*, post: Post, user: User, publish_at: datetime | None = None) -> Post:
    """Publish a post in review, or schedule it, if `publish_at` is in the future; for publishers."""
    if not may_publish(user):
        raise NotAllowed
    now = timezone.now()
    if publish_at and publish_at > now:
        return _change(post, IN_REVIEW, publish_at=publish_at)
    return _change(post, IN_REVIEW, status=Status.PUBLISHED, published_at=now, publish_at=None)


def posts_publish_due() -> int:
    """Publish the scheduled posts whose time has come, each exactly once; returns their number."""
    due = IN_REVIEW & Q(publish_at__lte=timezone.now())
    count = 0
    for post in Post.objects.filter(due).select_related("author").order_by("publish_at"):
        # Another run may have published it, or a publisher may have rescheduled it.
        with suppress(WrongState), transaction.atomic():
            _change(post, due, status=Status.PUBLISHED, published_at=post.publish_at, publish_at=None)
            count += 1
    return count


def _change(post: Post, expected: Q, **values: Any) -> Post:
    """Set columns of a post in the expected state; raises WrongState if it is in another one."""
    values["updated_at"] = timezone.now()
    if not Post.objects.filter(expected, pk=post.pk).update(**values):
        raise WrongState
    # Keeps the loaded relations.
    post.refresh_from_db(fields=[*values])
    if values.get("status") == Status.PUBLISHED:
        post_published.send(sender=Post, post=post)
    post_changed.send(sender=Post, post=post)
    return post
