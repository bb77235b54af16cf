"""Payments: start, confirm, cancel and reconcile. No transaction is open during a call of the provider."""

import structlog
from django.db import transaction
from django.utils import timezone

from apps.core.exceptions import UnavailableError
from apps.shop.exceptions import PaymentInProgress, PaymentRefused, WrongState
from apps.shop.models import Order, Refund
from apps.shop.payments import Payment, RefundResult, provider_of
from apps.shop.services.refunds import REFUND_UNTIL, refund_create, refund_record, refund_submit
from apps.shop.services.states import order_lock, order_move, stock_add

Status = Order.Status
# Rows of one run of `reconcile_orders`.
BATCH = 200

logger = structlog.get_logger(__name__)


def payment_start(*, order: Order) -> Payment:
    """Return the payment of an unpaid order, which is created at most once.

    Raises:
        WrongState: the order is not payable any more.
        PaymentRefused: the provider refuses the amount or the currency.
        UnavailableError: the provider is unavailable.
    """
    if order.status != Status.PENDING or order.expires_at <= timezone.now():
        raise WrongState
    provider = provider_of(order.provider)
    if order.payment_reference:
        return provider.fetch(order.payment_reference)
    payment = provider.create(order_id=str(order.pk), amount=order.total, currency=order.currency)
    open_orders = Order.objects.filter(pk=order.pk, status=Status.PENDING)
    if not open_orders.update(payment_reference=payment.reference):
        # Canceled concurrently. Without the client secret, it cannot be paid.
        raise WrongState
    return payment


@transaction.atomic
def payment_confirm(*, payment: Payment) -> None:
    """Mark an order as paid, once. The payment of a canceled order is refunded."""
    order = Order.objects.select_for_update(no_key=True).filter(pk=payment.order_id).first()
    if order is None or (payment.amount, payment.currency) != (order.total, order.currency):
        logger.error("payment_mismatch", order_id=payment.order_id, reference=payment.reference)
        return
    if order.paid_at:
        # Repeated by the provider, or found by `orders_reconcile` first.
        return
    order.paid_at, order.payment_reference = timezone.now(), payment.reference
    if order.status == Status.PENDING:
        order_move(order, Status.PAID)
    else:
        logger.warning("payment_late", order_id=str(order.pk))
        refund_create(order=order, amount=order.total)


def event_receive(*, provider: str, body: bytes, signature: str) -> None:
    """Apply a webhook request. Repeated and outdated events change nothing.

    Raises:
        InvalidEvent: it is not from the provider.
    """
    event = provider_of(provider).read_event(body, signature)
    if isinstance(event, Payment):
        payment_confirm(payment=event)
    elif isinstance(event, RefundResult):
        refund_record(event)


def order_cancel(*, order: Order) -> Order:
    """Cancel an order that is not shipped: restock it, and refund the paid amount.

    Raises:
        WrongState: it was shipped, canceled or refunded.
        PaymentRefused: the provider does not know the payment.
        UnavailableError: the provider is unavailable, so that the customer might still pay.
    """
    if order.status == Status.PENDING and order.payment_reference:
        payment = provider_of(order.provider).cancel(order.payment_reference)
        if payment.status == "succeeded":
            payment_confirm(payment=payment)
    return _cancel(order)


@transaction.atomic
def _cancel(order: Order, *, only_unpaid: bool = False) -> Order:
    order = order_lock(order.pk)
    if only_unpaid and order.status != Status.PENDING:
        return order
    order_move(order, Status.CANCELED)
    stock_add({line.variant_id: line.left for line in order.lines.all()})
    if order.paid_at and order.refundable:
        refund_create(order=order, amount=order.refundable)
    return order


def orders_reconcile() -> int:
    """Ask the provider for payments without an event, cancel unpaid orders, and send pending refunds.

    Returns:
        the number of orders that were paid or canceled.
    """
    changed = 0
    pending = Order.objects.filter(status=Status.PENDING).order_by("expires_at")
    refunds = Refund.objects.filter(
        status=Refund.Status.PENDING, reference="", created_at__gt=timezone.now() - REFUND_UNTIL
    )
    try:
        for order in pending[:BATCH]:
            try:
                changed += _reconcile(order)
            except PaymentInProgress:
                # It keeps its stock, and must not stop the other orders.
                logger.info("payment_in_progress", order_id=str(order.pk))
            except PaymentRefused:
                # Such as a reference of another Stripe account: it must not stop the other orders.
                logger.error("payment_refused", order_id=str(order.pk))  # noqa: TRY400 - not a program error
        for refund in refunds.order_by("created_at")[:BATCH]:
            refund_submit(refund_id=refund.pk)
    except UnavailableError:
        # Of no use to ask for the others; the next run continues.
        logger.warning("payment_provider_unavailable")
    return changed


def _reconcile(order: Order) -> bool:
    """Apply the state of the payment at the provider; return whether the order was changed."""
    expired = order.expires_at <= timezone.now()
    if order.payment_reference:
        provider = provider_of(order.provider)
        ask = provider.cancel if expired else provider.fetch
        payment = ask(order.payment_reference)
        if payment.status == "succeeded":
            payment_confirm(payment=payment)
            return True
    if expired:
        _cancel(order, only_unpaid=True)
    return expired
