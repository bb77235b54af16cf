"""Categories and tags, which staff maintain in the admin."""

from django.db import transaction

from apps.blog.caching import content_changed
from apps.blog.models import Category, Tag


@transaction.atomic
def category_save(*, category: Category) -> None:
    """Create or change a category.

    Raises:
        ValidationError: a value is not valid, or the category would be below itself.
    """
    # Two concurrent moves, each valid, could make a cycle together.
    list(Category.objects.select_for_update().values_list("pk"))
    category.full_clean()
    category.save()
    content_changed()


@transaction.atomic
def tag_save(*, tag: Tag) -> None:
    """Create or change a tag.

    Raises:
        ValidationError: a value is not valid.
    """
    tag.full_clean()
    tag.save()
    content_changed()
