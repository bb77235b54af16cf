"""Checkout, payment with the fake provider, and orders over HTTP."""

from decimal import Decimal
from typing import Any, NoReturn

import pytest
from django.core import mail
from pytest_django import Settings

from apps.shop.exceptions import PaymentRefused
from apps.shop.models import Coupon, Order, Variant
from apps.shop.services.checkout import MAX_PENDING
from apps.shop.tests.conftest import StubProvider
from apps.shop.tests.factories import ADDRESS, CouponFactory, VariantFactory, order_of, paid_order_of
from apps.shop.tests.helpers import (
    CART,
    CHECKOUT,
    COUPON,
    ORDERS,
    WEBHOOK,
    check_out,
    errors,
    fill,
    is_wrong_state,
    manage_url,
    order_url,
)
from apps.users.models import User
from apps.users.tests.factories import UserFactory
from conftest import Client

pytestmark = pytest.mark.django_db


@pytest.fixture
def variant() -> Variant:
    return VariantFactory.create(price=Decimal("11.90"), stock=10, product__name="Mug")


def pay(client: Client, order: dict[str, Any] | Order) -> None:
    secret = client.post(order_url(order, "pay")).json()["client_secret"]
    assert Client().post(WEBHOOK, {"client_secret": secret}).status_code == 204


def test_purchase_from_cart_to_paid_order(user: User, user_api: Client, variant: Variant) -> None:
    cart = fill(user_api, variant, quantity=2)

    response = check_out(user_api, cart["total"])

    order = response.json()
    assert response.status_code == 201
    assert (order["status"], order["total"], order["tax"]) == ("pending", "23.80", "3.80")
    assert [(line["name"], line["quantity"]) for line in order["lines"]] == [("Mug, Medium", 2)]
    assert Variant.objects.get().stock == 8
    assert user_api.get(CART).json()["items"] == []

    pay(user_api, order)

    assert user_api.get(order_url(order)).json()["status"] == "paid"
    assert [message.to for message in mail.outbox] == [[user.email]] * 2
    assert f"Payment received for order {order['number']}" in mail.outbox[1].subject
    assert "Mug, Medium: 23.80 EUR" in mail.outbox[1].body


def test_checkout_needs_an_idempotency_key(user_api: Client) -> None:
    data = {"name": "Ada", "address": ADDRESS, "total": "1.00"}
    assert errors(user_api.post(CHECKOUT, data)) == {("Idempotency-Key", "required")}


def test_checkout_with_same_key_returns_the_same_order(user_api: Client, variant: Variant) -> None:
    total = fill(user_api, variant)["total"]
    first = check_out(user_api, total, key="one")
    second = check_out(user_api, total, key="one")
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json() == second.json()
    assert Variant.objects.get().stock == 9
    assert errors(check_out(user_api, "1.00", key="one")) == {("Idempotency-Key", "reused")}


def test_key_of_another_user_is_independent(user_api: Client, variant: Variant) -> None:
    order_of(UserFactory.create(), variant, key="one")
    assert check_out(user_api, fill(user_api, variant)["total"], key="one").status_code == 201


def test_checkout_reports_changed_prices(user_api: Client, variant: Variant) -> None:
    total = fill(user_api, variant)["total"]
    Variant.objects.update(price=15)

    response = check_out(user_api, total)

    assert response.status_code == 409
    assert response["Content-Type"] == "application/problem+json"
    assert response.json()["type"] == "urn:problem:prices_changed"
    assert response.json()["cart"]["total"] == "15.00"
    assert response.json()["cart"]["items"][0]["price"] == "15.00"
    assert check_out(user_api, "15.00").status_code == 201


def test_checkout_reports_a_coupon_that_is_used_up(user_api: Client, variant: Variant) -> None:
    CouponFactory.create(code="ONCE", usage_limit=1)
    fill(user_api, variant)
    total = user_api.put(COUPON, {"code": "ONCE"}).json()["total"]
    order_of(UserFactory.create(), variant, code="ONCE")
    response = check_out(user_api, total)
    assert response.status_code == 409
    assert response.json()["cart"]["coupon"] is None


@pytest.mark.parametrize("values", [{"stock": 1}, {"is_active": False}])
def test_checkout_rejects_what_is_not_in_stock(
    user_api: Client, variant: Variant, values: dict[str, Any]
) -> None:
    total = fill(user_api, variant, quantity=2)["total"]
    Variant.objects.update(**values)
    assert errors(check_out(user_api, total)) == {("cart", "out_of_stock")}
    assert not Order.objects.exists()


def test_checkout_rejects_an_empty_cart(user_api: Client) -> None:
    assert errors(check_out(user_api, "0.00")) == {("cart", "empty")}


def test_unpaid_orders_of_a_user_are_limited(user: User, user_api: Client, variant: Variant) -> None:
    for number in range(MAX_PENDING):
        order_of(user, variant, key=str(number))
    total = fill(user_api, variant)["total"]
    assert errors(check_out(user_api, total)) == {("cart", "too_many_open")}


def test_order_of_the_greatest_price_and_quantity(user_api: Client) -> None:
    variant = VariantFactory.create(price=Decimal("99999999.99"), stock=100)
    cart = fill(user_api, variant, quantity=100)
    assert cart["total"] == "9999999999.00"
    order = check_out(user_api, cart["total"])
    assert order.status_code == 201
    assert order.json()["total"] == cart["total"]
    assert Order.objects.get().total == Decimal(cart["total"])


def test_free_order_needs_no_payment(user_api: Client, variant: Variant) -> None:
    CouponFactory.create(code="FREE", kind=Coupon.Kind.AMOUNT, value=500)
    fill(user_api, variant)
    user_api.put(COUPON, {"code": "FREE"})
    order = check_out(user_api, "0.00").json()
    assert (order["status"], order["tax"], order["coupon"]) == ("paid", "0.00", "FREE")
    assert user_api.post(order_url(order, "cancel")).json()["status"] == "canceled"


@pytest.mark.parametrize("body", ["", "[]", '{"client_secret": 1}', '{"client_secret": "a:b"}', "[" * 10_000])
def test_webhook_rejects_unsigned_events(api: Client, body: str) -> None:
    response = api.generic("POST", WEBHOOK, body, content_type="application/json")
    assert response.status_code == 400


def test_payments_are_throttled(user: User, user_api: Client, settings: Settings) -> None:
    settings.THROTTLE_RATES = settings.THROTTLE_RATES | {"checkout": "1/hour"}
    url = order_url(order_of(user), "pay")
    assert [user_api.post(url).status_code for _repetition in range(2)] == [200, 429]


def test_payment_that_the_provider_refuses_is_a_conflict(
    user: User, user_api: Client, provider: StubProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(**_payment: object) -> NoReturn:
        raise PaymentRefused

    monkeypatch.setattr(provider, "create", refuse)
    response = user_api.post(order_url(order_of(user), "pay"))
    assert response.status_code == 409
    assert response.json()["type"] == "urn:problem:payment_refused"


def test_order_is_visible_to_its_owner_only(user_api: Client, variant: Variant) -> None:
    order = order_of(UserFactory.create(), variant)
    assert user_api.get(ORDERS).json()["results"] == []
    for part in ((), ("pay",), ("cancel",)):
        method = user_api.post if part else user_api.get
        assert method(order_url(order, *part)).status_code == 404
    assert user_api.post(manage_url(order, "ship")).status_code == 404


def test_paid_order_is_canceled_restocked_and_refunded(
    user_api: Client, user: User, variant: Variant
) -> None:
    order = paid_order_of(user, variant, quantity=2)
    row = user_api.post(order_url(order, "cancel")).json()
    assert (row["status"], row["refunded"]) == ("canceled", "23.80")
    assert Variant.objects.get().stock == 10
    assert order.refunds.get().status == "succeeded"
    assert is_wrong_state(user_api.post(order_url(order, "cancel")))
    assert is_wrong_state(user_api.post(order_url(order, "pay")))


def test_manager_ships_refunds_and_takes_back(manager_api: Client, user: User, variant: Variant) -> None:
    order = paid_order_of(user, variant, quantity=3)
    line = order.lines.get()
    assert manager_api.post(manage_url(order, "ship")).json()["status"] == "shipped"
    assert is_wrong_state(manager_api.post(manage_url(order, "cancel")))
    assert manager_api.post(manage_url(order, "refund"), {"amount": "5.00"}).json()["refunded"] == "5.00"
    lines = {"lines": [{"line": str(line.pk), "quantity": 1}]}
    row = manager_api.post(manage_url(order, "return"), lines).json()
    assert (row["refunded"], row["lines"][0]["returned"]) == ("16.90", 1)
    assert Variant.objects.get().stock == 8
    assert errors(manager_api.post(manage_url(order, "refund"), {"amount": "99"})) == {("amount", "invalid")}
    lines["lines"][0]["quantity"] = 3
    assert errors(manager_api.post(manage_url(order, "return"), lines)) == {("lines", "invalid")}
    lines["lines"][0]["quantity"] = 2
    row = manager_api.post(manage_url(order, "return"), lines).json()
    assert (row["status"], row["refunded"]) == ("refunded", "35.70")
    assert manager_api.get(f"{order_url(order)}").status_code == 404


def test_return_adds_up_quantities_of_the_same_line(
    manager_api: Client, user: User, variant: Variant
) -> None:
    order = paid_order_of(user, variant, quantity=3)
    manager_api.post(manage_url(order, "ship"))
    lines = {"lines": [{"line": str(order.lines.get().pk), "quantity": 1}] * 2}
    row = manager_api.post(manage_url(order, "return"), lines).json()
    assert row["lines"][0]["returned"] == 2


def test_export_of_the_account_has_orders_and_cart(user: User, user_api: Client, variant: Variant) -> None:
    paid_order_of(user, variant)
    fill(user_api, variant)
    export = user_api.get("/api/v1/users/me/export/").json()
    assert export["shop.Order"][0]["address"] == ADDRESS
    assert export["shop.Order"][0]["variants"] == [variant.sku]
    assert export["shop.Cart"][0]["variants"] == [variant.sku]
