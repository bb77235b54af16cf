"""States of a post: draft, in review, published, archived.

Each transition is one conditional UPDATE, so that of two concurrent requests only one succeeds. The functions
raise `NotAllowed` if the user may not do this, and `WrongState` if the post is in another state.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone

from apps.blog.caching import content_changed
from apps.blog.exceptions import NotAllowed, WrongState
from apps.blog.models import Post
from apps.blog.selectors import may_publish
from apps.blog.signals import post_changed, post_published

if TYPE_CHECKING:
    from datetime import datetime

    from apps.users.models import User

Status = Post.Status
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
    if post.author_id != user.pk and not may_publish(user):
        raise NotAllowed
    source, target = TRANSITIONS[transition]
    return _change(post, source, status=target, publish_at=None)


@transaction.atomic
def post_publish(*, post: Post, user: User, publish_at: datetime | None = None) -> Post:
    """Publish a post in review, or schedule it, if `publish_at` is in the future; for publishers."""
    if not may_publish(user):
        raise NotAllowed
    now = timezone.now()
    if publish_at and publish_at > now:
        return _change(post, Status.REVIEW, publish_at=publish_at)
    _change(post, Status.REVIEW, status=Status.PUBLISHED, published_at=now, publish_at=None)
    post_published.send(sender=Post, post=post)
    return post


def posts_publish_due() -> int:
    """Publish the scheduled posts whose time has come, each exactly once; returns their number."""
    now = timezone.now()
    due = Post.objects.filter(status=Status.REVIEW, publish_at__lte=now)
    return sum(_publish_due(post, now) for post in due.only("publish_at").order_by("publish_at"))


@transaction.atomic
def _publish_due(post: Post, now: datetime) -> bool:
    """Publish one scheduled post; returns False if another run did, or if it was rescheduled since."""
    still_due = Post.objects.filter(pk=post.pk, status=Status.REVIEW, publish_at__lte=now)
    values = {"status": Status.PUBLISHED, "published_at": post.publish_at, "publish_at": None}
    if not still_due.update(**values, updated_at=timezone.now()):
        return False
    current = Post.objects.select_related("author").get(pk=post.pk)
    post_published.send(sender=Post, post=current)
    post_changed.send(sender=Post, post=current)
    content_changed()
    return True


def _change(post: Post, source: str, **values: Any) -> Post:
    values["updated_at"] = timezone.now()
    if not Post.objects.filter(pk=post.pk, status=source).update(**values):
        raise WrongState
    # Keeps the loaded relations.
    post.refresh_from_db(fields=[*values])
    post_changed.send(sender=Post, post=post)
    content_changed()
    return post
