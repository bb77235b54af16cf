"""Port to payment providers. Services use it and know no provider.

To add a provider, write a class with the methods of `PaymentProvider`, and add its name to `PROVIDERS` and to
`SHOP_PAYMENT_PROVIDER`.
"""

from decimal import Decimal
from functools import cache
from typing import NamedTuple, Protocol, cast

from django.utils.module_loading import import_string

PROVIDERS = {
    "fake": "apps.shop.payments.fake.FakeProvider",
    "stripe": "apps.shop.payments.stripe.StripeProvider",
}


class Payment(NamedTuple):
    """State of a payment at the provider: `open`, `succeeded` or `canceled`."""

    order_id: str
    reference: str
    status: str
    amount: Decimal
    currency: str
    client_secret: str = ""


class RefundResult(NamedTuple):
    """State of a refund at the provider, one of `Refund.Status`."""

    refund_id: str
    reference: str
    status: str


class PaymentProvider(Protocol):
    """Methods with the same order or refund have the same result if they are repeated.

    They raise `UnavailableError` if it is unknown whether the provider has executed the request.
    """

    def create(self, *, order_id: str, amount: Decimal, currency: str) -> Payment: ...

    def fetch(self, reference: str) -> Payment: ...

    def cancel(self, reference: str) -> Payment:
        """Cancel an open payment, so that it cannot be paid any more; return its final state.

        Raises PaymentInProgress.
        """

    def refund(self, reference: str, *, refund_id: str, amount: Decimal, currency: str) -> RefundResult:
        """Refund a part; raises PaymentRefused."""

    def read_event(self, body: bytes, signature: str) -> Payment | RefundResult | None:
        """Verify a webhook request; None for events of other kinds. Raises InvalidEvent."""


@cache
def provider_of(name: str) -> PaymentProvider:
    """Return the provider with this name, one object per process."""
    return cast("PaymentProvider", import_string(PROVIDERS[name])())
