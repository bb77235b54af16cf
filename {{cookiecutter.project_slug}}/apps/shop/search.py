"""Products in the search; only with the feature `search`, which imports this module."""

from django.db.models import QuerySet

from apps.search.registry import Document, SearchSource, register
from apps.shop.models import Product


@register(Product)
class ProductSource(SearchSource[Product]):
    def get_queryset(self) -> QuerySet[Product]:
        return Product.objects.filter(is_active=True).select_related("category")

    def document(self, instance: Product) -> Document:
        return Document(
            title=instance.name,
            text=instance.description,
            url=f"/products/{instance.slug}",
            tags={instance.category.slug: instance.category.name} if instance.category else {},
            date=instance.created_at,
        )
