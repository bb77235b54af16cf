"""Carts of users and of anonymous visitors."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from apps.shop.models import Cart, Coupon, Variant
from apps.shop.models.carts import MAX_ITEMS
from apps.shop.selectors import cart_token
from apps.shop.tests.factories import (
    CartFactory,
    CartItemFactory,
    CouponFactory,
    VariantFactory,
    paid_order_of,
)
from apps.shop.tests.helpers import CART, COUPON, MERGE, TOKEN, errors, fill, item_url
from apps.users.models import User
from conftest import Client

pytestmark = pytest.mark.django_db


@pytest.fixture
def variant() -> Variant:
    return VariantFactory.create(price=Decimal("10.00"))


def headers(token: str) -> Any:
    return {"headers": {"X-Cart-Token": token}}


def quantities(cart: dict[str, list[dict[str, int]]]) -> list[int]:
    return [row["quantity"] for row in cart["items"]]


def test_anonymous_cart_needs_its_token(api: Client, variant: Variant) -> None:
    token = api.post(TOKEN).json()["token"]
    cart = fill(api, variant, quantity=2, **headers(token))
    assert cart["total"] == "20.00"
    assert api.get(CART, **headers(token)).json() == cart
    assert api.get(CART).status_code == 401
    assert api.get(CART, **headers(f"{token}x")).status_code == 401


def test_cart_of_user_is_not_reached_by_a_token(api: Client, user: User) -> None:
    cart = CartFactory.create(user=user)
    assert api.get(CART, **headers(cart_token(cart))).status_code == 401


def test_cart_of_user_is_created_by_the_first_item(user_api: Client, variant: Variant) -> None:
    assert user_api.get(CART).json()["items"] == []
    assert not Cart.objects.exists()
    fill(user_api, variant)
    assert quantities(fill(user_api, variant, quantity=3)) == [3]
    assert user_api.delete(item_url(variant)).status_code == 204
    assert user_api.get(CART).json()["items"] == []


def test_cart_shows_current_prices_and_omits_what_is_not_for_sale(user_api: Client, variant: Variant) -> None:
    other = VariantFactory.create()
    fill(user_api, variant, other)
    Variant.objects.filter(pk=variant.pk).update(price=12)
    Variant.objects.filter(pk=other.pk).update(is_active=False)
    cart = user_api.get(CART).json()
    assert [(row["sku"], row["price"]) for row in cart["items"]] == [(variant.sku, "12.00")]
    assert errors(user_api.put(item_url(other), {"quantity": 2})) == {("variant", "not_for_sale")}


def test_cart_has_a_maximum_size(user: User, user_api: Client, variant: Variant) -> None:
    cart = CartFactory.create(user=user)
    for number in range(MAX_ITEMS - 1):
        CartItemFactory.create(cart=cart, variant__product=variant.product, variant__sku=f"S{number}")
    assert errors(user_api.put(item_url(variant), {"quantity": 1})) == {("variant", "full")}
    assert errors(user_api.put(item_url(variant), {"quantity": 101})) == {("quantity", "max_value")}


def test_cart_merge_keeps_the_greater_quantity_and_can_be_repeated(
    api: Client, user_api: Client, variant: Variant
) -> None:
    other = VariantFactory.create(sku="Z")
    token = api.post(TOKEN).json()["token"]
    fill(api, variant, quantity=5, **headers(token))
    fill(api, other, quantity=1, **headers(token))
    fill(user_api, variant, quantity=2)

    merged = user_api.post(MERGE, {"token": token}).json()

    assert sorted(quantities(merged)) == [1, 5]
    assert user_api.post(MERGE, {"token": token}).json() == merged
    assert api.get(CART, **headers(token)).status_code == 401


def test_coupon_reduces_the_total(user_api: Client, variant: Variant) -> None:
    CouponFactory.create(code="TEN")
    CouponFactory.create(code="HUGE", kind=Coupon.Kind.AMOUNT, value=500)
    fill(user_api, variant)
    cart = user_api.put(COUPON, {"code": "ten"}).json()
    assert (cart["discount"], cart["total"], cart["coupon"]) == ("1.00", "9.00", "TEN")
    assert user_api.put(COUPON, {"code": "HUGE"}).json()["total"] == "0.00"
    assert user_api.delete(COUPON).status_code == 204
    assert user_api.get(CART).json()["total"] == "10.00"


@pytest.mark.parametrize(
    "values",
    [
        {"valid_from": timezone.now() + timedelta(days=1)},
        {"valid_until": timezone.now() - timedelta(days=1)},
        {"usage_limit": 1},
        {"user_limit": 1},
    ],
)
def test_coupon_is_rejected_outside_its_validity_and_limits(
    user: User, user_api: Client, values: dict[str, object]
) -> None:
    coupon = CouponFactory.create(code="USED")
    paid_order_of(user, code="USED")
    for name, value in values.items():
        setattr(coupon, name, value)
    coupon.save()
    assert errors(user_api.put(COUPON, {"code": "USED"})) == {("code", "invalid")}
    assert errors(user_api.put(COUPON, {"code": "UNKNOWN"})) == {("code", "invalid")}
