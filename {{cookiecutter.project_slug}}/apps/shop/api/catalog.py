"""Public HTTP layer of the catalog."""

from rest_framework import generics, mixins, viewsets
from rest_framework.permissions import IsAuthenticatedOrReadOnly

from apps.shop import selectors
from apps.shop.api import serializers
from apps.shop.api.filters import ProductFilter
from apps.shop.models import Category, Product


class CategoryListView(generics.ListAPIView[Category]):
    """List categories."""

    permission_classes = (IsAuthenticatedOrReadOnly,)
    queryset = Category.objects.all()
    serializer_class = serializers.ProductCategoryOutput
    filter_backends = ()


class ProductViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Product]):
    """Products for sale with their variants."""

    permission_classes = (IsAuthenticatedOrReadOnly,)
    queryset = selectors.product_list()
    serializer_class = serializers.ProductOutput
    filterset_class = ProductFilter
    search_fields = ("name", "description")
    ordering_fields = ("name", "created_at")
    ordering = ("name",)
    lookup_field = "slug"
    lookup_value_regex = "[-a-zA-Z0-9_]+"
