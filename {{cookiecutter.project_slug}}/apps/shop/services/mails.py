"""Emails about orders and carts. They are built on sending, from primary keys."""

from functools import partial
from typing import Any

from django.conf import settings
from django.db import transaction

from apps.core.mail import BUILDERS, Mail, mail_queue
from apps.shop.models import Cart, Order, Variant
from apps.shop.selectors import cart_quote
from apps.users.models import User


def order_mail(order: Order, template: str) -> None:
    """Send an email from `templates/shop/mail/` to the customer after the commit."""
    transaction.on_commit(partial(mail_queue, "shop.order", order_id=str(order.pk), template=template))


def order_mail_build(*, order_id: str, template: str) -> Mail | None:
    """Build an email about an order; None if its account was deleted."""
    order = Order.objects.select_related("user").filter(pk=order_id).first()
    if order is None or order.user is None or order.user.deleted_at:
        return None
    link = f"{settings.FRONTEND_URL}/orders/{order.pk}"
    context = {"order": order, "lines": list(order.lines.all()), "link": link}
    return _mail(order.user, template, context)


def cart_mail_build(*, cart_id: str) -> Mail | None:
    """Build a reminder; None if the cart has nothing for sale, perhaps after an order."""
    cart = Cart.objects.select_related("user", "coupon").filter(pk=cart_id).first()
    items = cart_quote(cart).items
    if cart is None or cart.user is None or not cart.user.is_active or not items:
        return None
    context = {"items": items, "link": f"{settings.FRONTEND_URL}/cart"}
    return _mail(cart.user, "cart", context)


def stock_mail_build(*, variant_ids: list[str]) -> Mail | None:
    variants = list(Variant.objects.filter(pk__in=variant_ids))
    return Mail(to=settings.SHOP_ALERT_EMAIL, template="shop/mail/stock", context={"variants": variants})


def _mail(user: User, template: str, context: dict[str, Any]) -> Mail:
    name = f"shop/mail/{template}"
    return Mail(user.email, name, context, language=user.language, time_zone=user.timezone)


BUILDERS["shop.order"] = order_mail_build
BUILDERS["shop.cart"] = cart_mail_build
BUILDERS["shop.stock"] = stock_mail_build
