"""Notifications of the blog; only with the feature `notifications`."""

from typing import Any

from django.dispatch import receiver
from django.utils.translation import gettext as _

from apps.blog.models import Comment, Post
from apps.blog.signals import comment_published, post_published
from apps.notifications.services import notification_send


@receiver(post_published)
def notify_of_publication(post: Post, **_kwargs: Any) -> None:
    """Notify the author of a published post."""
    if post.author:
        with post.author.localized():
            title = _("Your post is published: %(title)s") % {"title": post.title}
        notification_send(user=post.author, kind="blog", title=title[:200], data={"post": post.slug})


@receiver(comment_published)
def notify_of_comment(comment: Comment, **_kwargs: Any) -> None:
    """Notify the author of a post of a comment by another user."""
    post = comment.post
    if post.author and post.author_id != comment.author_id:
        with post.author.localized():
            title = _("New comment on your post: %(title)s") % {"title": post.title}
        data = {"post": post.slug, "comment": str(comment.pk)}
        notification_send(user=post.author, kind="blog", title=title[:200], body=comment.body, data=data)
