from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from django.urls import reverse
from pytest_django import Settings

from conftest import Client

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.sampleapp.urls")]

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)


def statuses(api: Client, count: int, route: str = "open", **extra: Any) -> list[int]:
    return [api.get(reverse(route), **extra).status_code for _ in range(count)]


@pytest.fixture
def rates(settings: Settings) -> dict[str, str]:
    """Disable all rates and return them for the test to set."""
    settings.THROTTLE_RATES = dict.fromkeys(settings.THROTTLE_RATES, "none")
    throttle_rates: dict[str, str] = settings.THROTTLE_RATES
    return throttle_rates


def test_client_is_throttled_above_the_rate(api: Client, rates: dict[str, str]) -> None:
    rates["anon"] = "3/minute"
    with time_machine.travel(NOON, tick=False):
        assert statuses(api, 5) == [200, 200, 200, 429, 429]


def test_ip_addresses_have_separate_counters(api: Client, rates: dict[str, str]) -> None:
    rates["anon"] = "1/day"
    assert statuses(api, 2, REMOTE_ADDR="192.0.2.1") == [200, 429]
    assert statuses(api, 2, REMOTE_ADDR="192.0.2.2") == [200, 429]
