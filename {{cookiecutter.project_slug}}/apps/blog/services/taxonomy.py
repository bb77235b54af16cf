"""Categories, which staff maintain in the admin."""

from django.db import transaction

from apps.blog.models import Category


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
