"""Import of posts from CSV files, in the admin or by the command `import_rows`."""

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from apps.blog.exceptions import NotAllowed, WrongState
from apps.blog.models import Post
from apps.blog.selectors import may_edit
from apps.blog.services.posts import post_save
from apps.users.models import User


@transaction.atomic
def post_import(*, post: Post, user: User | None) -> None:
    """Store the post of an imported row: a new draft, or changed texts of a draft.

    Posts of other authors require a publisher. `user` is None for the operator of a command.

    Raises:
        NotAllowed: the user may not write posts of this author, or the row changes the author.
        WrongState: the post is not a draft, or it is deleted.
        ValidationError: the author may not write posts, or a value is not valid.
    """
    current = Post.all_objects.select_for_update(no_key=True).filter(pk=post.pk).first()
    if current is None:
        post.author = post.author or user
        if not post.author or not post.author.has_perm("blog.add_post"):
            message = _("The author does not have the permission to write posts.")
            raise ValidationError({"author": ValidationError(message, code="not_an_author")})
    elif current.author_id != post.author_id:
        raise NotAllowed
    if user and not may_edit(user, post):
        raise NotAllowed
    # The command does not find deleted posts, whose rows are then new ones.
    if current and (current.deleted_at or current.status != Post.Status.DRAFT):
        raise WrongState
    post_save(post=post, editor=user or post.author)
