"""Payment provider without money, for development and tests; production rejects it.

An order is paid when its client secret is posted to the webhook.
"""

import json
from decimal import Decimal

from django.core import signing

from apps.shop.exceptions import InvalidEvent
from apps.shop.payments import Payment, RefundResult

SALT = "apps.shop.payments.fake"


class FakeProvider:
    """Stateless provider: the reference of a payment contains its data."""

    def create(self, *, order_id: str, amount: Decimal, currency: str) -> Payment:
        return self.fetch(f"{order_id}:{amount}:{currency}")

    def fetch(self, reference: str) -> Payment:
        """Return the payment as open: only the webhook reports success."""
        secret = signing.Signer(salt=SALT).sign(reference)
        return _payment(reference, "open")._replace(client_secret=secret)

    def cancel(self, reference: str) -> Payment:
        return _payment(reference, "canceled")

    def refund(self, reference: str, *, refund_id: str, amount: Decimal, currency: str) -> RefundResult:
        return RefundResult(refund_id, f"fake-{refund_id}", "succeeded")

    def read_event(self, body: bytes, signature: str) -> Payment | RefundResult | None:
        """Read `{"client_secret": "…"}`; the secret contains the signature."""
        try:
            secret = str(json.loads(body)["client_secret"])
            return _payment(signing.Signer(salt=SALT).unsign(secret), "succeeded")
        except (ValueError, TypeError, KeyError, RecursionError, signing.BadSignature) as error:
            raise InvalidEvent from error


def _payment(reference: str, status: str) -> Payment:
    order_id, amount, currency = reference.split(":")
    return Payment(order_id, reference, status, Decimal(amount), currency)
