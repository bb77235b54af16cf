"""Database reads, independent of requests."""

from __future__ import annotations

import difflib
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import Count, Exists, OuterRef, Prefetch, Q, QuerySet

from apps.blog.models import Bookmark, Category, Comment, Post, Reaction, Revision

if TYPE_CHECKING:
    from collections.abc import Collection
    from uuid import UUID

    from apps.users.models import User

RELATED = 5
# The comparison of longer texts could take seconds.
DIFF_LINES = 5_000
# Large columns that lists do not show.
TEXTS = ("body", "body_html")


def may_publish(user: User | AnonymousUser) -> bool:
    return user.has_perm("blog.publish_post")


def may_edit(user: User | AnonymousUser, post: Post) -> bool:
    return post.author_id == user.pk or may_publish(user)


def may_moderate(user: User | AnonymousUser) -> bool:
    return user.has_perm("blog.moderate_comment")


def post_list() -> QuerySet[Post]:
    """Return the published posts, which are public, with their relations."""
    return _with_relations(Post.objects.filter(status=Post.Status.PUBLISHED))


def post_list_editable(*, user: User) -> QuerySet[Post]:
    """Return own posts in every state, and for publishers those of all authors."""
    posts = _with_relations(Post.objects.all())
    return posts if may_publish(user) else posts.filter(author=user)


def post_list_visible(*, user: User | AnonymousUser) -> QuerySet[Post]:
    """Return the published and the editable posts; other posts do not exist for the user."""
    if isinstance(user, AnonymousUser):
        return post_list()
    if may_publish(user):
        return post_list_editable(user=user)
    return _with_relations(Post.objects.filter(Q(status=Post.Status.PUBLISHED) | Q(author=user)))


def post_list_deleted(*, user: User) -> QuerySet[Post]:
    """Return the deleted posts that the user may restore."""
    deleted: QuerySet[Post] = _with_relations(Post.all_objects.exclude(deleted_at=None))
    return deleted if may_publish(user) else deleted.filter(author=user)


def posts_related(post: Post) -> list[Post]:
    """Return published posts with most tags in common, or of the same category."""
    same_tag = Q(tags__in=post.tags.values("pk"))
    near = same_tag | Q(category=post.category_id) if post.category_id else same_tag
    others = post_list().defer(*TEXTS).exclude(pk=post.pk).filter(near)
    ranked = others.annotate(shared=Count("tags", filter=same_tag))
    return list(ranked.order_by("-shared", "-published_at", "-pk")[:RELATED])


def comment_counts(posts: Collection[UUID]) -> dict[UUID, int]:
    """Return the numbers of visible comments by post."""
    visible = Comment.objects.filter(post__in=posts, status=Comment.Status.APPROVED).order_by()
    return dict(visible.values_list("post").annotate(count=Count("pk")))


def reaction_counts(posts: Collection[UUID]) -> dict[UUID, dict[str, int]]:
    """Return the numbers of reactions by post and kind."""
    counts: defaultdict[UUID, dict[str, int]] = defaultdict(dict)
    reactions = Reaction.objects.filter(post__in=posts).order_by()
    for post, kind, count in reactions.values_list("post", "kind").annotate(count=Count("pk")):
        counts[post][kind] = count
    return counts


def revision_diff(revision: Revision) -> str:
    """Return the changes from the previous revision to this one as a unified diff."""
    before = Revision.objects.filter(post=revision.post_id, number__lt=revision.number).first()
    old, new = (_lines(before) if before else []), _lines(revision)
    names = (f"revision {before.number}" if before else "/dev/null", f"revision {revision.number}")
    return "\n".join(difflib.unified_diff(old, new, *names, lineterm=""))


def category_keys_below(slug: str) -> set[UUID]:
    """Return the primary keys of a category and its descendants; empty for an unknown slug."""
    rows = list(Category.objects.order_by().values_list("pk", "parent", "slug"))
    found = {key for key, _parent, name in rows if name == slug}
    while below := {key for key, parent, _name in rows if parent in found} - found:
        found |= below
    return found


def thread_list(*, post: Post) -> QuerySet[Comment]:
    """Return the first comments of a post that are visible, or rejected with visible replies.

    `replies_hide` sets which of the prefetched replies are public.
    """
    answered = Comment.objects.filter(thread=OuterRef("pk"), status=Comment.Status.APPROVED)
    shown = Q(status=Comment.Status.APPROVED) | Q(Exists(answered), status=Comment.Status.REJECTED)
    replies = Comment.objects.exclude(status=Comment.Status.PENDING).select_related("author")
    prefetch = Prefetch("replies", replies.order_by("created_at", "pk"), to_attr="visible_replies")
    threads = Comment.objects.filter(shown, post=post, thread=None)
    return threads.select_related("author").prefetch_related(prefetch)


def replies_hide(thread: Any) -> None:
    """Remove rejected replies; with visible replies, they become placeholders without author and text."""
    shown: set[UUID | None] = set()
    # From the lowest level, so that a reply adds the comments above it.
    for reply in sorted(thread.visible_replies, key=lambda row: -row.depth):
        if reply.status == Comment.Status.APPROVED or reply.pk in shown:
            shown |= {reply.pk, reply.parent_id}
    thread.visible_replies = [reply for reply in thread.visible_replies if reply.pk in shown]
    for comment in (thread, *thread.visible_replies):
        if comment.status == Comment.Status.REJECTED:
            comment.author, comment.body = None, ""


def comment_list_visible(*, user: User) -> QuerySet[Comment]:
    """Return own comments, and for moderators all."""
    comments = Comment.objects.select_related("author", "post")
    return comments if may_moderate(user) else comments.filter(author=user)


def bookmark_list(*, user: User) -> QuerySet[Bookmark]:
    """Return the bookmarks of a user whose posts are still public."""
    bookmarks = Bookmark.objects.filter(
        user=user, post__status=Post.Status.PUBLISHED, post__deleted_at=None
    ).select_related("post__author", "post__category")
    return bookmarks.prefetch_related("post__tags").defer(*(f"post__{name}" for name in TEXTS))


def _with_relations(posts: QuerySet[Post]) -> QuerySet[Post]:
    return posts.select_related("author", "category").prefetch_related("tags")


def _lines(revision: Revision) -> list[str]:
    return [revision.title, revision.excerpt, *revision.body.splitlines()[:DIFF_LINES]]
