from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django_filters import rest_framework as filters

from apps.shop.models import Product, Variant


class ProductFilter(filters.FilterSet):
    category = filters.CharFilter("category__slug")
    min_price = filters.NumberFilter(method="by_price", min_value=0, max_value=10**8)
    max_price = filters.NumberFilter(method="by_price", min_value=0, max_value=10**8)
    in_stock = filters.BooleanFilter(method="by_stock", help_text="Whether a variant is in stock.")

    class Meta:
        model = Product
        fields: list[str] = []

    def by_price(self, queryset: QuerySet[Product], name: str, value: Any) -> QuerySet[Product]:
        """Filter by both limits: one variant must be between them."""
        data = self.form.cleaned_data
        limits = {"price__gte": data["min_price"], "price__lte": data["max_price"]}
        given = {lookup: limit for lookup, limit in limits.items() if limit is not None}
        return queryset.filter(_variants(**given))

    def by_stock(self, queryset: QuerySet[Product], name: str, value: bool) -> QuerySet[Product]:  # noqa: FBT001 - django-filter's signature
        found = _variants(stock__gt=0)
        return queryset.filter(found if value else ~found)


def _variants(**conditions: Any) -> Exists:
    """Return a subquery of variants for sale: a join would repeat products with several ones."""
    return Exists(Variant.objects.filter(product=OuterRef("pk"), is_active=True, **conditions))
