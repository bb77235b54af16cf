"""Reactions and bookmarks, at most one of each user on a post, also with concurrent requests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apps.blog.models import Bookmark, Post, Reaction

if TYPE_CHECKING:
    from apps.users.models import User


def reaction_set(*, post: Post, user: User, kind: str) -> None:
    """Set the reaction of a user; it replaces the previous one."""
    Reaction.objects.bulk_create(
        [Reaction(post=post, user=user, kind=kind)],
        update_conflicts=True,
        unique_fields=["post", "user"],
        update_fields=["kind", "updated_at"],
    )


def reaction_remove(*, post: Post, user: User) -> None:
    Reaction.objects.filter(post=post, user=user).delete()


def bookmark_add(*, post: Post, user: User) -> None:
    """Bookmark a post, if it is not yet."""
    Bookmark.objects.bulk_create([Bookmark(post=post, user=user)], ignore_conflicts=True)


def bookmark_remove(*, post: Post, user: User) -> None:
    Bookmark.objects.filter(post=post, user=user).delete()
