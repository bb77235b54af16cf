"""Settings of the shop in production."""

import pytest

from tests.production import run_python

pytestmark = pytest.mark.process


@pytest.mark.parametrize(
    ("values", "fault"),
    [
        ({"SHOP_PAYMENT_PROVIDER": "fake"}, "SHOP_PAYMENT_PROVIDER: must be stripe in production"),
        ({"STRIPE_WEBHOOK_SECRET": ""}, "STRIPE_WEBHOOK_SECRET: is required"),
    ],
)
def test_production_refuses_to_start_without_real_payments(values: dict[str, str], fault: str) -> None:
    process = run_python("-m", "config.settings.production", **values)
    assert process.returncode != 0
    assert fault in process.stderr
