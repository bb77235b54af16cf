"""Syntax of throttle rates, and exact counts under concurrency."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.urls import reverse
from pytest_django import Settings
from rest_framework.test import APIClient

from apps.core.api.throttling import parse_rates
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
