"""Checkout: a cart becomes an order, in one transaction."""

import hashlib
import json
from datetime import timedelta
from decimal import Decimal

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.shop.exceptions import InvalidInput, PricesChanged
from apps.shop.models import Cart, CartItem, Coupon, Order, OrderLine, Variant
from apps.shop.money import ZERO, rounded
from apps.shop.selectors import Quote, quote
from apps.shop.services.mails import order_mail
from apps.shop.services.states import order_move
from apps.users.models import User

# Unpaid orders of a customer, since they hold stock.
MAX_PENDING = 5


@transaction.atomic
def order_checkout(
    *, user: User, idempotency_key: str, name: str, address: str, total: Decimal
) -> tuple[Order, bool]:
    """Create an order from the user's cart, which is then empty.

    `total` is the amount that the customer confirmed.

    Returns:
        the order, and whether it was created: a repeated call with the same key returns the first order.

    Raises:
        PricesChanged: the total differs.
        ValidationError: the cart is empty, something is out of stock, the key was used for another
            request, or there are too many unpaid orders.
    """
    # The lock makes concurrent requests of the user wait, so that the second one finds the order.
    cart = Cart.objects.select_for_update(no_key=True).filter(user=user).first()
    text = json.dumps([name, address, str(total.normalize())])
    fingerprint = hashlib.sha256(text.encode()).hexdigest()
    if order := Order.objects.filter(user=user, idempotency_key=idempotency_key).first():
        if order.fingerprint != fingerprint:
            message = _("This key was used for another request.")
            raise InvalidInput("Idempotency-Key", message, "reused")
        return order, False
    if Order.objects.filter(user=user, status=Order.Status.PENDING).count() >= MAX_PENDING:
        raise InvalidInput("cart", _("Pay or cancel your open orders first."), "too_many_open")
    current = _locked_quote(cart)
    if current.total != total:
        raise PricesChanged
    now = timezone.now()
    order = Order.objects.create(
        user=user,
        name=name,
        address=address,
        currency=current.currency,
        subtotal=current.subtotal,
        discount=current.discount,
        total=current.total,
        tax=_tax(current),
        coupon=current.coupon,
        idempotency_key=idempotency_key,
        fingerprint=fingerprint,
        provider=settings.SHOP_PAYMENT_PROVIDER,
        expires_at=now + timedelta(minutes=settings.SHOP_ORDER_MINUTES),
    )
    _sell(order, current)
    CartItem.objects.filter(cart=cart).delete()
    Cart.objects.filter(user=user).update(coupon=None, updated_at=now)
    order_mail(order, order.status)
    if not order.total:
        order.paid_at = now
        order_move(order, Order.Status.PAID)
    return order, True


def _locked_quote(cart: Cart | None) -> Quote:
    """Return the quote of a cart with locked variants and coupon, if everything is in stock."""
    items = {item.variant_id: item for item in cart.items.all()} if cart else {}
    if not cart or not items:
        raise InvalidInput("cart", _("The cart is empty."), "empty")
    # Locked by primary key: two checkouts of the same variants cannot deadlock.
    variants = Variant.objects.select_for_update(no_key=True, of=("self",)).select_related("product")
    for variant in variants.filter(pk__in=items).order_by("pk"):
        item = items[variant.pk]
        item.variant = variant
        available = variant.stock if variant.is_active and variant.product.is_active else 0
        if item.quantity > available:
            message = _("Only %(stock)d of %(sku)s are in stock.")
            raise InvalidInput("cart", message % {"stock": available, "sku": variant.sku}, "out_of_stock")
    # The lock makes the limits of the coupon exact.
    coupon = Coupon.objects.select_for_update(no_key=True).filter(pk__in=[cart.coupon_id]).first()
    return quote(items.values(), coupon, cart.user)


def _tax(current: Quote) -> Decimal:
    """Return the tax included in the total; a discount reduces all lines by the same share."""
    share = current.total / current.subtotal if current.subtotal else ZERO
    taxes = (
        item.variant.price * item.quantity * item.variant.tax_rate / (100 + item.variant.tax_rate)
        for item in current.items
    )
    return rounded(sum(taxes, ZERO) * share)


def _sell(order: Order, current: Quote) -> None:
    """Reduce the stock by the items of a quote, and copy them to the order."""
    lines = []
    for item in current.items:
        variant = item.variant
        variant.stock -= item.quantity
        name = f"{variant.product.name}, {variant.name}"
        line = OrderLine(order=order, variant=variant, quantity=item.quantity, name=name)
        line.sku, line.price, line.tax_rate = variant.sku, variant.price, variant.tax_rate
        lines.append(line)
    Variant.objects.bulk_update([item.variant for item in current.items], ["stock"])
    OrderLine.objects.bulk_create(lines)
