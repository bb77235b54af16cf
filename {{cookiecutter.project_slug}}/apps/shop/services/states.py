"""States of an order. Functions of other modules lock an order with `order_lock` before they change it.

Locks are taken in the order: cart, order, variants by primary key, coupon.
"""

from uuid import UUID

from django.db import transaction
from django.db.models import F

from apps.shop.exceptions import WrongState
from apps.shop.models import Order, Variant
from apps.shop.services.mails import order_mail
from apps.shop.signals import order_moved

Status = Order.Status
TRANSITIONS: dict[str, frozenset[str]] = {
    Status.PENDING: frozenset({Status.PAID, Status.CANCELED}),
    Status.PAID: frozenset({Status.SHIPPED, Status.CANCELED, Status.REFUNDED}),
    Status.SHIPPED: frozenset({Status.COMPLETED, Status.REFUNDED}),
    Status.COMPLETED: frozenset({Status.REFUNDED}),
    Status.CANCELED: frozenset(),
    Status.REFUNDED: frozenset(),
}
# Changes that the customer learns of. Refunds have an email of their own.
MAILED = frozenset({Status.PAID, Status.SHIPPED, Status.CANCELED})


def order_lock(order_id: UUID | str) -> Order:
    """Return the current row, locked until the end of the transaction."""
    order = Order.objects.select_for_update(no_key=True).filter(pk=order_id).first()
    if order is None:
        raise WrongState
    return order


def order_move(order: Order, target: str) -> Order:
    """Change the status of a locked order, and return the order.

    Raises:
        WrongState: the transition is not in `TRANSITIONS`.
    """
    if target not in TRANSITIONS[order.status]:
        raise WrongState
    order.status = target
    order.save()
    if target in MAILED:
        order_mail(order, target)
    order_moved.send(sender=Order, order=order)
    return order


@transaction.atomic
def order_ship(*, order: Order) -> Order:
    return order_move(order_lock(order.pk), Status.SHIPPED)


@transaction.atomic
def order_complete(*, order: Order) -> Order:
    return order_move(order_lock(order.pk), Status.COMPLETED)


def stock_add(quantities: dict[UUID, int]) -> None:
    """Return variants to the stock, in the order in which the checkout locks them."""
    for key in sorted(quantities):
        Variant.objects.filter(pk=key).update(stock=F("stock") + quantities[key])
