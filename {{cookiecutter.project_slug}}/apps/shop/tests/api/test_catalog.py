"""Public catalog."""

from decimal import Decimal
from typing import Any

import pytest

from apps.shop.models import Variant
from apps.shop.tests.factories import ProductFactory, VariantFactory
from apps.shop.tests.helpers import PRODUCTS
from conftest import Client

pytestmark = pytest.mark.django_db


def names(client: Client, **query: Any) -> list[str]:
    return [row["name"] for row in client.get(PRODUCTS, query).json()["results"]]


def test_product_is_public_with_variants_for_sale(api: Client) -> None:
    variant: Any = VariantFactory.create(price=Decimal("11.90"), tax_rate=Decimal(19))
    VariantFactory.create(product=variant.product, is_active=False)

    row = api.get(f"{PRODUCTS}{variant.product.slug}/").json()

    assert row["category"] == {"slug": variant.product.category.slug, "name": variant.product.category.name}
    assert row["variants"] == [
        {
            "id": str(variant.pk),
            "sku": variant.sku,
            "name": "Medium",
            "price": "11.90",
            "net_price": "10.00",
            "tax": "1.90",
            "tax_rate": "19.00",
            "in_stock": True,
        }
    ]


def test_inactive_product_does_not_exist(api: Client) -> None:
    product = ProductFactory.create(is_active=False)
    assert names(api) == []
    assert api.get(f"{PRODUCTS}{product.slug}/").status_code == 404


def test_product_list_is_filtered_by_variants_without_repetition(api: Client) -> None:
    cheap: Any = VariantFactory.create(price=5, product__name="Cheap", stock=0)
    VariantFactory.create(price=6, product=cheap.product, stock=0)
    VariantFactory.create(price=50, product__name="Dear")

    assert names(api, max_price=10) == ["Cheap"]
    assert names(api, min_price=10) == ["Dear"]
    assert names(api, in_stock="true") == ["Dear"]
    assert names(api, in_stock="false") == ["Cheap"]
    assert names(api, category=cheap.product.category.slug) == ["Cheap"]
    assert names(api, search="dea") == ["Dear"]


def test_one_variant_is_between_both_limits_of_the_price(api: Client) -> None:
    cheap: Any = VariantFactory.create(price=5)
    VariantFactory.create(product=cheap.product, price=50)
    assert names(api, min_price=10, max_price=20) == []
    assert names(api, min_price=0, max_price=5) == names(api, min_price=50) == [cheap.product.name]


@pytest.mark.parametrize(
    ("price", "rate", "net"),
    # The net price of the second one is 0.125 exactly.
    [
        ("9.99", "19", "8.39"),
        ("0.20", "60", "0.13"),
        ("1.15", "7.7", "1.07"),
        ("3.00", "0", "3.00"),
        ("10", "21", "8.26"),
    ],
)
def test_variant_splits_price_into_net_price_and_tax(price: str, rate: str, net: str) -> None:
    variant = VariantFactory.create(price=Decimal(price), tax_rate=Decimal(rate))
    stored = Variant.objects.get(pk=variant.pk)
    assert stored.net_price == Decimal(net)
    assert stored.net_price + stored.tax == Decimal(price)
