"""Personal data of deleted accounts."""

from django.db import transaction

from apps.blog.caching import content_changed
from apps.blog.models import Bookmark, Comment, Post, Reaction, Revision
from apps.blog.services.comments import comments_erase
from apps.users.models import User


@transaction.atomic
def user_data_remove(*, user: User) -> None:
    """Delete drafts, comments, reactions and bookmarks of a user; public posts stay, without author."""
    own = Post.all_objects.filter(author=user)
    public = own.filter(status__in=[Post.Status.PUBLISHED, Post.Status.ARCHIVED], deleted_at=None)
    own.exclude(pk__in=public.values("pk")).hard_delete()
    public.update(author=None)
    Revision.objects.filter(editor=user).update(editor=None)
    comments_erase(Comment.objects.filter(author=user))
    Reaction.objects.filter(user=user).delete()
    Bookmark.objects.filter(user=user).delete()
    content_changed()
