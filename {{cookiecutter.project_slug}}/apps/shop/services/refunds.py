"""Refunds and returns.

A refund is stored first and then sent to the provider. Without an answer, `reconcile_orders` sends it again
with the same idempotency key.
"""

from datetime import timedelta
from decimal import Decimal
from functools import partial
from uuid import UUID

import structlog
from django.db import transaction
from django.utils.translation import gettext as _

from apps.core.exceptions import UnavailableError
from apps.shop.exceptions import InvalidInput, PaymentRefused, WrongState
from apps.shop.models import Order, OrderLine, Refund
from apps.shop.money import ZERO, rounded
from apps.shop.payments import RefundResult, provider_of
from apps.shop.services.mails import order_mail
from apps.shop.services.states import TRANSITIONS, order_lock, order_move, stock_add

Status = Order.Status
# Stripe forgets idempotency keys after 24 hours: later, a repetition could refund twice.
REFUND_UNTIL = timedelta(hours=23)

logger = structlog.get_logger(__name__)


@transaction.atomic
def order_refund(*, order: Order, amount: Decimal | None = None) -> Order:
    """Refund a part of an order, by default the rest.

    Raises:
        WrongState: the order is not paid, or nothing is left to refund.
        ValidationError: the amount exceeds the refundable amount, or has a fraction of the smallest unit.
    """
    order = order_lock(order.pk)
    if not order.paid_at or not order.refundable:
        raise WrongState
    refund_create(order=order, amount=order.refundable if amount is None else amount)
    return order


def refund_create(*, order: Order, amount: Decimal) -> None:
    """Store a refund of a locked order; it is sent after the commit."""
    if not ZERO < amount <= order.refundable or amount != rounded(amount):
        message = _("At most %(amount)s can be refunded.") % {"amount": order.refundable}
        raise InvalidInput("amount", message, "invalid")
    order.refunded += amount
    refund = order.refunds.create(amount=amount)
    if not order.refundable and Status.REFUNDED in TRANSITIONS[order.status]:
        order_move(order, Status.REFUNDED)
    else:
        order.save()
    order_mail(order, "refund")
    transaction.on_commit(partial(_submit_now, refund.pk))


@transaction.atomic
def order_return(*, order: Order, quantities: dict[UUID, int] | None = None) -> Order:
    """Take back items of a shipped order: restock and refund them, reduced by their share of the discount.

    `quantities` are numbers by primary key of the line, by default of all items that are left.

    Raises:
        WrongState: the order was not shipped.
        ValidationError: a line is unknown, or more items than ordered would be returned.
    """
    order = order_lock(order.pk)
    if order.status not in {Status.SHIPPED, Status.COMPLETED}:
        raise WrongState
    lines = order.lines.in_bulk()
    if quantities is None:
        quantities = {key: line.left for key, line in lines.items() if line.left}
    stock: dict[UUID, int] = {}
    amount = ZERO
    for key, quantity in quantities.items():
        line = lines.get(key)
        if line is None or not 0 < quantity <= line.left:
            raise InvalidInput("lines", _("More items than were ordered cannot be returned."), "invalid")
        line.returned += quantity
        stock[line.variant_id] = quantity
        amount += line.price * quantity
    OrderLine.objects.bulk_update(lines.values(), ["returned"])
    stock_add(stock)
    complete = not any(line.left for line in lines.values())
    share = rounded(amount * order.total / order.subtotal) if order.subtotal else ZERO
    # The last return refunds the rest: shares may be rounded.
    if amount := order.refundable if complete else min(share, order.refundable):
        refund_create(order=order, amount=amount)
    return order


def refund_submit(*, refund_id: UUID) -> None:
    """Send a pending refund to the provider.

    Raises:
        UnavailableError: the provider is unavailable; the refund stays pending.
    """
    refund = Refund.objects.select_related("order").get(pk=refund_id)
    order = refund.order
    if refund.status != Refund.Status.PENDING or refund.reference:
        return
    try:
        result = provider_of(order.provider).refund(
            order.payment_reference,
            refund_id=str(refund.pk),
            amount=refund.amount,
            currency=order.currency,
        )
    except PaymentRefused:
        result = RefundResult(str(refund.pk), "", Refund.Status.FAILED)
    refund_record(result)


def _submit_now(refund_id: UUID) -> None:
    try:
        refund_submit(refund_id=refund_id)
    except UnavailableError:
        logger.warning("refund_delayed", refund_id=str(refund_id))


@transaction.atomic
def refund_record(result: RefundResult) -> None:
    """Store the state of a refund, once; the amount of a failed one can be refunded again.

    A refund may still fail after it succeeded. All other changes of a final state are outdated.
    """
    refund = Refund.objects.filter(pk=result.refund_id).first()
    if refund is None:
        logger.error("refund_unknown", refund_id=result.refund_id)
        return
    order = order_lock(refund.order_id)
    failed = result.status == Refund.Status.FAILED
    replaced = [Refund.Status.PENDING, Refund.Status.SUCCEEDED] if failed else [Refund.Status.PENDING]
    rows = Refund.objects.filter(pk=refund.pk, status__in=replaced)
    if rows.update(status=result.status, reference=result.reference) and failed:
        logger.error("refund_failed", order_id=str(order.pk), refund_id=result.refund_id)
        order.refunded -= refund.amount
        order.save()
