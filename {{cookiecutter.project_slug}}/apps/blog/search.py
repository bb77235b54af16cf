"""Published posts in the search; only with the feature `search`."""

from html import unescape
from typing import Any

from django.db.models import QuerySet
from django.dispatch import receiver
from django.utils.html import strip_tags

from apps.blog.models import Post
from apps.blog.selectors import post_list
from apps.blog.signals import post_changed
from apps.search.registry import Document, SearchSource, register
from apps.search.services.entries import entries_schedule


@register(Post)
class PostSource(SearchSource[Post]):
    def get_queryset(self) -> QuerySet[Post]:
        return post_list()

    def document(self, instance: Post) -> Document:
        return Document(
            title=instance.title,
            text=f"{instance.excerpt} {unescape(strip_tags(instance.body_html))}",
            url=f"/blog/{instance.slug}",
            tags={tag.slug: tag.name for tag in instance.tags.all()},
            date=instance.published_at,
        )


@receiver(post_changed)
def update_entry(post: Post, **_kwargs: Any) -> None:
    """Update the entry after a change of the status, which does not call `save()`."""
    entries_schedule(Post, post.pk)
