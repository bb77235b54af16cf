"""Fixtures of the shop tests, and a payment provider whose state a test sets."""

from decimal import Decimal

import pytest
from django.contrib.auth.models import Permission
from pytest_django import Settings

from apps.core.exceptions import UnavailableError
from apps.shop.payments import Payment, RefundResult
from apps.shop.payments.fake import FakeProvider
from apps.shop.services import payments, refunds
from apps.users.models import User
from apps.users.tests.factories import UserFactory
from conftest import Client


class StubProvider:
    """Provider that counts charges and refunds, and can be unavailable."""

    def __init__(self) -> None:
        self.payments: dict[str, Payment] = {}
        self.refunds: dict[str, Decimal] = {}
        self.is_available = True
        # Execute the next request without an answer.
        self.loses_answer = False
        self.refund_status = "succeeded"

    def create(self, *, order_id: str, amount: Decimal, currency: str) -> Payment:
        payment = FakeProvider().create(order_id=order_id, amount=amount, currency=currency)
        self.payments.setdefault(order_id, payment)
        self._answer()
        return self.payments[order_id]

    def fetch(self, reference: str) -> Payment:
        self._answer()
        return self.payments[reference.partition(":")[0]]

    def cancel(self, reference: str) -> Payment:
        self._answer()
        payment = self.fetch(reference)
        if payment.status == "open":
            self.set(payment.order_id, "canceled")
        return self.fetch(reference)

    def refund(self, reference: str, *, refund_id: str, amount: Decimal, currency: str) -> RefundResult:
        if self.is_available:
            self.refunds[refund_id] = amount
        self._answer()
        return RefundResult(refund_id, f"stub-{refund_id}", self.refund_status)

    def read_event(self, body: bytes, signature: str) -> Payment | RefundResult | None:
        return FakeProvider().read_event(body, signature)

    def set(self, order_id: str, status: str) -> Payment:
        self.payments[order_id] = self.payments[order_id]._replace(status=status)
        return self.payments[order_id]

    def _answer(self) -> None:
        lost, self.loses_answer = self.loses_answer, False
        if lost or not self.is_available:
            raise UnavailableError("stub")


@pytest.fixture(autouse=True)
def _fake_provider(settings: Settings) -> None:
    settings.SHOP_PAYMENT_PROVIDER = "fake"
    settings.SHOP_CURRENCY = "EUR"


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> StubProvider:
    """Replace the fake provider."""
    stub = StubProvider()
    for module in (payments, refunds):
        monkeypatch.setattr(module, "provider_of", lambda _name: stub)
    return stub


@pytest.fixture
def manager(db: None) -> User:
    user = UserFactory.create()
    user.user_permissions.add(Permission.objects.get(codename="manage_order"))
    return user


@pytest.fixture
def manager_api(manager: User) -> Client:
    client = Client()
    client.login_by_token(manager)
    return client
