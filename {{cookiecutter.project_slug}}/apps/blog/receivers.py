"""Signal receivers of the blog."""

from typing import Any

from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver

from apps.blog.caching import content_changed
from apps.blog.models import Category, Post, Tag
from apps.blog.services.accounts import user_data_remove
from apps.blog.services.posts import cover_delete
from apps.blog.signals import post_changed
from apps.users.models import User
from apps.users.signals import user_deleted


@receiver(user_deleted)
def remove_user_data(user: User, **_kwargs: Any) -> None:
    """Remove the personal data of a deleted account."""
    user_data_remove(user=user)


@receiver([post_save, post_delete], sender=Category)
@receiver([post_save, post_delete], sender=Tag)
@receiver([post_save, post_delete], sender=Post)
@receiver(post_changed)
def invalidate_fragments(**_kwargs: Any) -> None:
    """Invalidate the cached fragments after each change of public content."""
    content_changed()


@receiver(post_delete, sender=Post)
def delete_cover(instance: Post, **_kwargs: Any) -> None:
    """Delete the cover image of a post, unless it is soft-deleted."""
    cover_delete(instance.cover)
