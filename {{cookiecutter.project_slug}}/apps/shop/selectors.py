"""Database reads, independent of requests."""

from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple

from django.conf import settings
from django.core import signing
from django.db.models import Prefetch, QuerySet
from django.utils import timezone

from apps.shop.models import Cart, CartItem, Coupon, Order, Product, Variant
from apps.shop.money import ZERO
from apps.users.models import User

CART_SALT = "apps.shop.cart"


class Quote(NamedTuple):
    """Current prices and totals of the content of a cart."""

    items: list[CartItem]
    currency: str
    subtotal: Decimal
    discount: Decimal
    total: Decimal
    # None if it cannot be used.
    coupon: Coupon | None


def product_list() -> QuerySet[Product]:
    """Return the products for sale with their variants for sale."""
    variants = Prefetch("variants", Variant.objects.filter(is_active=True))
    return Product.objects.filter(is_active=True).select_related("category").prefetch_related(variants)


def cart_token(cart: Cart) -> str:
    """Return the token of an anonymous cart."""
    return signing.Signer(salt=CART_SALT).sign(str(cart.pk))


def cart_by_token(token: str) -> Cart | None:
    """Return an anonymous cart; None if the token is invalid or the cart was deleted."""
    try:
        key = signing.Signer(salt=CART_SALT).unsign(token)
    except signing.BadSignature:
        return None
    return Cart.objects.filter(pk=key, user=None).first()


def cart_quote(cart: Cart | None) -> Quote:
    """Return the content of a cart with current prices and the discount of its coupon."""
    if cart is None:
        return quote([], None, None)
    items = cart.items.select_related("variant__product").filter(
        variant__is_active=True, variant__product__is_active=True
    )
    return quote(items, cart.coupon, cart.user)


def quote(items: Iterable[CartItem], coupon: Coupon | None, user: User | None) -> Quote:
    """Compute the totals of items with their variants."""
    items = list(items)
    subtotal = sum((item.variant.price * item.quantity for item in items), ZERO)
    if coupon and not coupon_is_usable(coupon, user):
        coupon = None
    discount = coupon.discount_on(subtotal) if coupon else ZERO
    return Quote(items, settings.SHOP_CURRENCY, subtotal, discount, subtotal - discount, coupon)


def coupon_is_usable(coupon: Coupon, user: User | None) -> bool:
    """Return whether a coupon is valid now and below its limits; exact if its row is locked."""
    now = timezone.now()
    if coupon.valid_from > now or (coupon.valid_until and coupon.valid_until <= now):
        return False
    uses = coupon.orders.exclude(status=Order.Status.CANCELED)
    if coupon.usage_limit is not None and uses.count() >= coupon.usage_limit:
        return False
    if coupon.user_limit is None or user is None:
        return True
    return uses.filter(user=user).count() < coupon.user_limit


def order_list(*, user: User) -> QuerySet[Order]:
    """Return the orders of a user, with their lines."""
    return _orders().filter(user=user)


def order_list_manageable(*, user: User) -> QuerySet[Order]:
    """Return all orders for users that manage them, and none for others."""
    return _orders() if user.has_perm("shop.manage_order") else Order.objects.none()


def _orders() -> QuerySet[Order]:
    return Order.objects.select_related("coupon").prefetch_related("lines")
