from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django_filters import rest_framework as filters

from apps.shop.models import Order, Product, Variant


class ProductFilter(filters.FilterSet):
    category = filters.CharFilter("category__slug")
    min_price = filters.NumberFilter(method="of_variants", min_value=0, max_value=10**8)
    max_price = filters.NumberFilter(method="of_variants", min_value=0, max_value=10**8)
    in_stock = filters.BooleanFilter(method="of_variants", help_text="Whether a variant is in stock.")

    class Meta:
        model = Product
        fields: list[str] = []

    def of_variants(self, queryset: QuerySet[Product], name: str, value: Any) -> QuerySet[Product]:
        """Filter by a subquery: a join would repeat products with several variants."""
        lookups = {"min_price": "price__gte", "max_price": "price__lte"}
        condition = {lookups[name]: value} if name in lookups else {"stock__gt": 0}
        found = Exists(Variant.objects.filter(product=OuterRef("pk"), is_active=True, **condition))
        return queryset.filter(~found if value is False else found)


class OrderFilter(filters.FilterSet):
    class Meta:
        model = Order
        fields = ["status"]
