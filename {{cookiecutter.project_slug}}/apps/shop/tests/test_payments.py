"""Payments and refunds with a provider that answers twice, late or never."""

from datetime import timedelta
from decimal import Decimal
from io import StringIO
from typing import NoReturn

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks

from apps.core.exceptions import UnavailableError
from apps.shop.exceptions import PaymentInProgress, PaymentRefused, WrongState
from apps.shop.models import Order, Refund, Variant
from apps.shop.payments import RefundResult
from apps.shop.services.payments import order_cancel, payment_confirm, payment_start
from apps.shop.services.refunds import order_refund, order_return, refund_record
from apps.shop.services.states import TRANSITIONS, order_move, order_ship
from apps.shop.signals import order_moved
from apps.shop.tests.conftest import StubProvider
from apps.shop.tests.factories import CouponFactory, VariantFactory, order_of, paid_order_of, payment_of
from apps.users.models import User

pytestmark = pytest.mark.django_db

Status = Order.Status


@pytest.fixture
def variant() -> Variant:
    return VariantFactory.create(price=Decimal("10.00"))


@pytest.fixture
def order(user: User, variant: Variant, provider: StubProvider) -> Order:
    """Return an order of 3 items whose payment was started."""
    order = order_of(user, variant, quantity=3)
    payment_start(order=order)
    order.refresh_from_db()
    return order


def reconcile() -> str:
    output = StringIO()
    call_command("reconcile_orders", stdout=output)
    return output.getvalue().strip()


def expire(order: Order) -> None:
    Order.objects.filter(pk=order.pk).update(expires_at=timezone.now() - timedelta(seconds=1))


def status_of(order: Order) -> str:
    order.refresh_from_db()
    return order.status


def test_event_that_is_repeated_pays_once(order: Order) -> None:
    moved: list[str] = []

    def remember(order: Order, **_kwargs: object) -> None:
        moved.append(order.status)

    order_moved.connect(remember)
    try:
        for _repetition in range(2):
            payment_confirm(payment=payment_of(order))
    finally:
        order_moved.disconnect(remember)
    assert moved == [Status.PAID]


@pytest.mark.parametrize("changed", [{"amount": Decimal(1)}, {"currency": "USD"}, {"order_id": "0" * 32}])
def test_event_with_other_data_pays_nothing(order: Order, changed: dict[str, object]) -> None:
    payment_confirm(payment=payment_of(order)._replace(**changed))  # type: ignore[arg-type] # of several fields
    assert status_of(order) == Status.PENDING


def test_payment_whose_answer_was_lost_is_created_once(
    user: User, variant: Variant, provider: StubProvider
) -> None:
    order = order_of(user, variant)
    provider.loses_answer = True
    with pytest.raises(UnavailableError):
        payment_start(order=order)
    payment_start(order=order)
    assert len(provider.payments) == 1


def test_payment_without_event_is_found(order: Order, provider: StubProvider) -> None:
    assert reconcile() == "0 orders changed."
    provider.set(str(order.pk), "succeeded")
    assert reconcile() == "1 orders changed."
    assert status_of(order) == Status.PAID


def test_unpaid_order_expires_and_releases_stock(
    order: Order, variant: Variant, provider: StubProvider
) -> None:
    expire(order)
    assert reconcile() == "1 orders changed."
    assert status_of(order) == Status.CANCELED
    assert provider.payments[str(order.pk)].status == "canceled"
    variant.refresh_from_db()
    assert variant.stock == 10


def test_order_without_started_payment_expires(user: User, variant: Variant) -> None:
    order = order_of(user, variant)
    expire(order)
    reconcile()
    assert status_of(order) == Status.CANCELED


def test_order_that_was_paid_in_the_last_moment_does_not_expire(order: Order, provider: StubProvider) -> None:
    provider.set(str(order.pk), "succeeded")
    expire(order)
    reconcile()
    assert status_of(order) == Status.PAID


def test_order_keeps_its_stock_while_the_provider_is_unavailable(
    order: Order, variant: Variant, provider: StubProvider
) -> None:
    expire(order)
    provider.is_available = False
    assert reconcile() == "0 orders changed."
    assert status_of(order) == Status.PENDING
    with pytest.raises(UnavailableError):
        order_cancel(order=order)
    provider.is_available = True
    assert reconcile() == "1 orders changed."


@pytest.mark.parametrize("error", [PaymentRefused, PaymentInProgress])
def test_order_that_the_provider_does_not_cancel_does_not_stop_the_others(
    order: Order,
    user: User,
    provider: StubProvider,
    monkeypatch: pytest.MonkeyPatch,
    error: type[Exception],
) -> None:
    def refuse(_reference: str) -> NoReturn:
        raise error

    monkeypatch.setattr(provider, "cancel", refuse)
    other = order_of(user, key="second")
    expire(other)
    # Before the other one in the order of `expires_at`; the order is expired too.
    Order.objects.filter(pk=order.pk).update(expires_at=timezone.now() - timedelta(hours=1))
    assert reconcile() == "1 orders changed."
    assert (status_of(order), status_of(other)) == (Status.PENDING, Status.CANCELED)


def test_late_payment_of_a_canceled_order_is_refunded_once(
    order: Order, provider: StubProvider, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    order_cancel(order=order)
    with django_capture_on_commit_callbacks(execute=True):
        for _repetition in range(2):
            payment_confirm(payment=payment_of(order))
    assert status_of(order) == Status.CANCELED
    assert list(provider.refunds.values()) == [Decimal("30.00")]


def test_canceling_an_order_that_was_paid_without_event_refunds_it(
    order: Order, provider: StubProvider, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    provider.set(str(order.pk), "succeeded")
    with django_capture_on_commit_callbacks(execute=True):
        order_cancel(order=order)
    assert status_of(order) == Status.CANCELED
    assert list(provider.refunds.values()) == [Decimal("30.00")]


@pytest.mark.parametrize("lost", [True, False])
def test_refund_without_answer_is_sent_again_with_the_same_id(
    user: User,
    variant: Variant,
    provider: StubProvider,
    lost: bool,  # noqa: FBT001 - a parameter
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    order = paid_order_of(user, variant)
    provider.loses_answer, provider.is_available = lost, lost
    with django_capture_on_commit_callbacks(execute=True):
        order_refund(order=order)
    refund = Refund.objects.get()
    assert refund.status == Refund.Status.PENDING

    provider.is_available = True
    for _run in range(2):
        reconcile()

    refund.refresh_from_db()
    assert refund.status == Refund.Status.SUCCEEDED
    assert provider.refunds == {str(refund.pk): Decimal("10.00")}


def test_old_refund_is_not_sent_again(user: User, variant: Variant, provider: StubProvider) -> None:
    order_refund(order=paid_order_of(user, variant))
    Refund.objects.update(created_at=timezone.now() - timedelta(hours=24))
    reconcile()
    assert provider.refunds == {}


def test_outdated_event_does_not_change_a_refund_that_succeeded(user: User, variant: Variant) -> None:
    order_refund(order=paid_order_of(user, variant))
    refund = Refund.objects.get()
    for status in ("succeeded", "pending"):
        refund_record(RefundResult(str(refund.pk), "re_1", status))
    refund.refresh_from_db()
    assert refund.status == Refund.Status.SUCCEEDED


def test_failed_refund_can_be_made_again(user: User, variant: Variant, provider: StubProvider) -> None:
    order = paid_order_of(user, variant)
    order_refund(order=order)
    refund = Refund.objects.get()
    for status in ("pending", "failed", "failed", "succeeded"):
        refund_record(RefundResult(str(refund.pk), "re_1", status))
    refund.refresh_from_db()
    order.refresh_from_db()
    assert (refund.status, order.refunded) == ("failed", Decimal(0))
    order_refund(order=order)
    assert Refund.objects.count() == 2


def test_partial_refunds_end_in_the_status_refunded(user: User, variant: Variant) -> None:
    order = paid_order_of(user, variant)
    order_refund(order=order, amount=Decimal(4))
    assert status_of(order) == Status.PAID
    for amount in (Decimal(7), Decimal(0), Decimal("0.001")):
        with pytest.raises(ValidationError):
            order_refund(order=order, amount=amount)
    order_refund(order=order)
    assert status_of(order) == Status.REFUNDED
    with pytest.raises(WrongState):
        order_refund(order=order)


def test_returns_refund_exactly_the_discounted_total(user: User, variant: Variant) -> None:
    CouponFactory.create(code="THIRD", value=Decimal("33.33"))
    order = paid_order_of(user, variant, quantity=3, code="THIRD")
    order_ship(order=order)
    line = order.lines.get()
    for refunded in ("6.67", "13.34", "20.00"):
        order_return(order=order, quantities={line.pk: 1})
        order.refresh_from_db()
        assert order.refunded == Decimal(refunded)
    variant.refresh_from_db()
    assert variant.stock == 10
    assert status_of(order) == Status.REFUNDED


@pytest.mark.parametrize("source", Status.values)
def test_order_moves_only_along_transitions(user: User, variant: Variant, source: str) -> None:
    order = order_of(user, variant)
    for target in Status.values:
        order.status = source
        if target in TRANSITIONS[source]:
            order_move(order, target)
        else:
            with pytest.raises(WrongState):
                order_move(order, target)
