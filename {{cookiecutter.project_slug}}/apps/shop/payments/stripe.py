"""Stripe: one PaymentIntent per order, which the customer confirms with Stripe's own form.

https://docs.stripe.com/payments/payment-intents, https://docs.stripe.com/webhooks
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from uuid import UUID

import structlog
from django.conf import settings

from apps.core.exceptions import UnavailableError
from apps.shop.exceptions import InvalidEvent, PaymentInProgress, PaymentRefused
from apps.shop.money import from_minor, to_minor
from apps.shop.payments import Payment, RefundResult

if TYPE_CHECKING:
    from collections.abc import Iterator
    from decimal import Decimal

    import stripe

# Seconds for one attempt, and repetitions, which the library makes with the same idempotency key.
TIMEOUT = 8
RETRIES = 1
REFUND_STATUSES = {"succeeded": "succeeded", "failed": "failed", "canceled": "failed"}

logger = structlog.get_logger(__name__)


class StripeProvider:
    """Client of Stripe. Amounts are in minor units there, currencies in lower case."""

    def __init__(self, http_client: stripe.HTTPClient | None = None) -> None:
        import stripe  # noqa: PLC0415 - 0.5 s at start-up, which most processes do not need

        self._stripe = stripe
        self._client = stripe.StripeClient(
            settings.STRIPE_SECRET_KEY,
            http_client=http_client or stripe.RequestsClient(timeout=TIMEOUT),
            max_network_retries=RETRIES,
        )

    def create(self, *, order_id: str, amount: Decimal, currency: str) -> Payment:
        with self._errors():
            intent = self._client.v1.payment_intents.create(
                params={
                    "amount": to_minor(amount, currency),
                    "currency": currency.lower(),
                    "automatic_payment_methods": {"enabled": True},
                    "metadata": {"order": order_id},
                },
                options={"idempotency_key": f"order-{order_id}"},
            )
        return _payment(intent)

    def fetch(self, reference: str) -> Payment:
        with self._errors():
            return _payment(self._client.v1.payment_intents.retrieve(reference))

    def cancel(self, reference: str) -> Payment:
        try:
            with self._errors():
                return _payment(self._client.v1.payment_intents.cancel(reference))
        except PaymentRefused:
            # Paid or canceled before, or a bank transfer is under way.
            payment = self.fetch(reference)
            if payment.status == "open":
                raise PaymentInProgress from None
            return payment

    def refund(self, reference: str, *, refund_id: str, amount: Decimal, currency: str) -> RefundResult:
        with self._errors():
            refund = self._client.v1.refunds.create(
                params={
                    "payment_intent": reference,
                    "amount": to_minor(amount, currency),
                    "metadata": {"refund": refund_id},
                },
                options={"idempotency_key": f"refund-{refund_id}"},
            )
        return _refund(refund)

    def read_event(self, body: bytes, signature: str) -> Payment | RefundResult | None:
        try:
            event: Any = self._client.construct_event(body, signature, settings.STRIPE_WEBHOOK_SECRET)
        except (ValueError, self._stripe.SignatureVerificationError) as error:
            raise InvalidEvent from error
        found = event.data.object
        match event.type:
            case "payment_intent.succeeded" if _has_key(found, "order"):
                return _payment(found)
            case "refund.updated" | "refund.failed" if _has_key(found, "refund"):
                return _refund(found)
            case _:
                return None

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except (self._stripe.InvalidRequestError, self._stripe.CardError) as error:
            logger.warning("stripe_refused", code=error.code, param=error.param)
            raise PaymentRefused from error
        except self._stripe.StripeError as error:
            # Without the message, which may contain data of the customer.
            logger.warning("stripe_error", error=type(error).__name__, status=error.http_status)
            raise UnavailableError("stripe") from error


def _has_key(found: Any, name: str) -> bool:
    """Return whether the metadata has a primary key; that of other integrations may have any text."""
    try:
        UUID(found.metadata[name])
    except (KeyError, TypeError, ValueError):
        return False
    return True


def _payment(intent: Any) -> Payment:
    currency = intent.currency.upper()
    status = intent.status if intent.status in {"succeeded", "canceled"} else "open"
    amount = intent.amount_received if status == "succeeded" else intent.amount
    return Payment(
        order_id=intent.metadata["order"],
        reference=intent.id,
        status=status,
        amount=from_minor(amount, currency),
        currency=currency,
        client_secret=getattr(intent, "client_secret", None) or "",
    )


def _refund(refund: Any) -> RefundResult:
    return RefundResult(refund.metadata["refund"], refund.id, REFUND_STATUSES.get(refund.status, "pending"))
