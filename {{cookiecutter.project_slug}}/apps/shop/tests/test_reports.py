"""Report on orders."""

from datetime import UTC, datetime

import pytest

from apps.reports.periods import span_of
from apps.reports.registry import REPORTS
from apps.reports.selectors import report_totals
from apps.shop.models import Order
from apps.shop.tests.factories import VariantFactory, paid_order_of
from apps.users.tests.factories import UserFactory

pytestmark = pytest.mark.django_db


def test_revenue_is_that_of_paid_orders() -> None:
    variant = VariantFactory.create()
    orders = [paid_order_of(UserFactory.create(), variant, quantity=2) for _number in range(3)]
    Order.objects.filter(pk=orders[0].pk).update(refunded=5)
    Order.objects.filter(pk=orders[1].pk).update(paid_at=None)
    Order.objects.filter(pk=orders[2].pk).update(created_at=datetime(2020, 1, 1, tzinfo=UTC))

    totals = report_totals(REPORTS["orders"], span_of())
    assert totals == {"placed": 2, "paid": 1, "revenue": 23.8, "refunded": 5}
