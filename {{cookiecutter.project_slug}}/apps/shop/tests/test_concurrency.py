"""Concurrent requests: checkout, coupons, payments, merges."""

from collections.abc import Callable
from decimal import Decimal
from functools import partial

import pytest

from apps.shop.exceptions import InvalidInput, PricesChanged
from apps.shop.models import Cart, Coupon, Order, Refund, Variant
from apps.shop.selectors import cart_quote, cart_token
from apps.shop.services.carts import cart_merge, cart_of_user, item_set
from apps.shop.services.checkout import order_checkout
from apps.shop.services.payments import order_cancel, payment_confirm
from apps.shop.tests.factories import CartFactory, CouponFactory, VariantFactory, order_of, payment_of
from apps.users.models import User
from apps.users.tests.factories import UserFactory
from apps.users.tests.helpers import at_once

pytestmark = pytest.mark.django_db(transaction=True)


def checkout_of(user: User, *variants: Variant, coupon: Coupon | None = None) -> Callable[[], object]:
    """Fill the cart of a user, and return the call that orders it and returns the order or the error."""
    cart = cart_of_user(user=user)
    for variant in variants:
        item_set(cart=cart, variant_id=variant.pk, quantity=1)
    Cart.objects.filter(pk=cart.pk).update(coupon=coupon)
    total = cart_quote(Cart.objects.get(pk=cart.pk)).total

    def run() -> object:
        try:
            order, created = order_checkout(
                user=user, idempotency_key="key", name="Ada", address="1 Example Street", total=total
            )
        except (InvalidInput, PricesChanged) as error:
            return type(error)
        return order.pk, created

    return run


def test_last_item_is_sold_once() -> None:
    variant = VariantFactory.create(stock=1)
    results = at_once([checkout_of(UserFactory.create(), variant) for _number in range(4)])
    assert results.count(InvalidInput) == 3
    assert Order.objects.count() == 1
    assert Variant.objects.get().stock == 0


def test_coupon_is_used_within_its_limit() -> None:
    coupon = CouponFactory.create(usage_limit=1)
    variants = VariantFactory.create_batch(3)
    results = at_once([checkout_of(UserFactory.create(), each, coupon=coupon) for each in variants])
    assert results.count(PricesChanged) == 2
    assert Order.objects.filter(coupon=coupon).count() == 1


def test_repeated_checkout_creates_one_order(user: User) -> None:
    variant = VariantFactory.create()
    results = at_once([checkout_of(user, variant)] * 3)
    order = Order.objects.get()
    assert sorted(results) == [(order.pk, False), (order.pk, False), (order.pk, True)]
    assert Variant.objects.get().stock == 9


def test_checkouts_of_the_same_variants_do_not_deadlock() -> None:
    first, second = VariantFactory.create_batch(2)
    pairs = [(first, second), (second, first)] * 2
    at_once([checkout_of(UserFactory.create(), *pair) for pair in pairs])
    assert Order.objects.count() == 4
    assert set(Variant.objects.values_list("stock", flat=True)) == {6}


def test_payment_and_cancellation_refund_once(user: User) -> None:
    order = order_of(user)
    pay = partial(payment_confirm, payment=payment_of(order))
    at_once([pay, pay, partial(order_cancel, order=order)])
    order.refresh_from_db()
    assert order.status == Order.Status.CANCELED
    assert order.refunded == order.total
    assert Refund.objects.get().amount == order.total
    assert Variant.objects.get().stock == 10


def test_cart_is_merged_once(user: User) -> None:
    cart = CartFactory.create(user=None)
    merge = partial(cart_merge, user=user, token=cart_token(cart))
    at_once([merge] * 3)
    assert Cart.objects.get().user == user
    assert cart_quote(Cart.objects.get()).total == Decimal("11.90")
