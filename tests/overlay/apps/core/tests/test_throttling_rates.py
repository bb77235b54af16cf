"""Syntax of throttle rates, and exact counts under concurrency."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse
from pytest_django import Settings
from rest_framework.test import APIClient

from apps.core.api.throttling import parse_rates
from apps.core.tests.test_throttling import NOON, statuses
from apps.users.models import User
from apps.users.tests.factories import UserFactory
from conftest import Client
from tests.sampleapp.caches import MEETING

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.sampleapp.urls")]


@pytest.fixture
def rates(settings: Settings) -> dict[str, str]:
    """Disable all rates and return them for the test to set."""
    settings.THROTTLE_RATES = dict.fromkeys(settings.THROTTLE_RATES, "none")
    throttle_rates: dict[str, str] = settings.THROTTLE_RATES
    return throttle_rates


def test_concurrent_requests_are_counted_exactly(rates: dict[str, str], settings: Settings) -> None:
    rates["anon"] = "20/day"
    settings.CACHES |= {"counters": {"BACKEND": "tests.sampleapp.caches.MeetingCache"}}
    url = reverse("open")

    def ask(_number: int) -> list[int]:
        client = APIClient()
        return [client.get(url).status_code for _ in range(5)]

    with ThreadPoolExecutor(MEETING) as pool:
        answered = Counter(status for answers in pool.map(ask, range(MEETING)) for status in answers)
    assert answered == {200: 20, 429: 20}


@pytest.mark.parametrize(
    ("names", "seconds"), [("s sec second", 1), ("m min minute", 60), ("h hour", 3600), ("d day", 86_400)]
)
def test_period_names_are_those_of_django_rest_framework(names: str, seconds: int) -> None:
    assert {parse_rates(f"7/{name}") for name in names.split()} == {((7, seconds),)}


def test_counter_resets_in_a_new_window(api: Client, rates: dict[str, str]) -> None:
    rates["anon"] = "1/minute"
    with time_machine.travel(NOON + timedelta(seconds=18), tick=False) as clock:
        assert statuses(api, 2) == [200, 429]
        assert api.get(reverse("open"))["Retry-After"] == "42"
        clock.shift(41)
        assert statuses(api, 1) == [429]
        clock.shift(1)
        assert statuses(api, 2) == [200, 429]


def test_sustained_limit_applies_with_the_burst_limit(api: Client, rates: dict[str, str]) -> None:
    rates["anon"] = "2/minute,3/day"
    with time_machine.travel(NOON, tick=False) as clock:
        assert statuses(api, 3) == [200, 200, 429]
        clock.shift(60)
        assert statuses(api, 2) == [200, 429]
        clock.shift(60)
        assert api.get(reverse("open"))["Retry-After"] == str(12 * 3600 - 120)
        clock.shift(timedelta(days=1))
        assert statuses(api, 1) == [200]


def test_rate_none_disables_the_limit(api: Client, rates: dict[str, str]) -> None:
    assert set(statuses(api, 20)) == {200}


def test_users_are_throttled_by_account_across_ip_addresses(user: User, rates: dict[str, str]) -> None:
    rates |= {"anon": "1/day", "user": "2/day"}
    api, other = Client(), Client()
    api.force_authenticate(user)
    other.force_authenticate(UserFactory.create())
    assert statuses(api, 1, REMOTE_ADDR="192.0.2.1") == [200]
    assert statuses(api, 2, REMOTE_ADDR="192.0.2.2") == [200, 429]
    assert statuses(other, 1, REMOTE_ADDR="192.0.2.2") == [200]


def test_rates_are_parsed() -> None:
    assert parse_rates("60/minute, 1000/day") == ((60, 60), (1000, 86_400))
    assert parse_rates("1/second,2/hour") == ((1, 1), (2, 3600))
    assert parse_rates("none") == ()
