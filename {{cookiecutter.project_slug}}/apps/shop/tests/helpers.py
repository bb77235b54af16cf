"""Routes of the shop API, and shortcuts for a purchase."""

import uuid
from typing import Any

from django.urls import reverse

from apps.shop.models import Order, Variant
from apps.shop.tests.factories import ADDRESS
from conftest import Client

CART = reverse("v1:shop:cart")
TOKEN = reverse("v1:shop:cart-token")
COUPON = reverse("v1:shop:cart-coupon")
MERGE = reverse("v1:shop:cart-merge")
CHECKOUT = reverse("v1:shop:checkout")
ORDERS = reverse("v1:shop:order-list")
PRODUCTS = reverse("v1:shop:product-list")
WEBHOOK = reverse("v1:shop:webhook")


def item_url(variant: Variant) -> str:
    return reverse("v1:shop:cart-item", args=[variant.pk])


def order_url(order: Order | dict[str, Any], *parts: str) -> str:
    key = order["id"] if isinstance(order, dict) else order.pk
    return "/".join([f"{ORDERS}{key}", *parts, ""])


def manage_url(order: Order, *parts: str) -> str:
    return "/".join([f"{reverse('v1:shop:manage-list')}{order.pk}", *parts, ""])


def fill(client: Client, *variants: Variant, quantity: int = 1, **headers: Any) -> dict[str, Any]:
    """Add variants to the cart and return it."""
    for variant in variants:
        response = client.put(item_url(variant), {"quantity": quantity}, **headers)
        assert response.status_code == 200, response.content
    cart: dict[str, Any] = response.json()
    return cart


def check_out(client: Client, total: str, *, key: str = "") -> Any:
    data = {"name": "Ada", "address": ADDRESS, "total": total}
    return client.post(CHECKOUT, data, headers={"Idempotency-Key": key or uuid.uuid4().hex})


def errors(response: Any) -> set[tuple[str, str]]:
    assert response.status_code == 400, response.content
    return {(error["field"], error["code"]) for error in response.json()["errors"]}


def is_wrong_state(response: Any) -> bool:
    return bool(response.status_code == 409 and response.json()["type"] == "urn:problem:wrong_state")
