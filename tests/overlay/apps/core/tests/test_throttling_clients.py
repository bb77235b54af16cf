"""Counters of clients, users and endpoints."""

from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from django.urls import reverse
from pytest_django import Settings

from apps.users.models import User
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


def test_throttled_requests_do_not_use_up_the_sustained_limit(api: Client, rates: dict[str, str]) -> None:
    rates["anon"] = "1/minute,2/day"
    with time_machine.travel(NOON, tick=False) as clock:
        assert statuses(api, 9) == [200] + [429] * 8
        clock.shift(60)
        assert statuses(api, 1) == [200]


@pytest.mark.parametrize(
    ("authorization", "scope"), [("", "anon"), ("Bearer x", "token"), ("Bearer a.b.c", "token")]
)
@pytest.mark.parametrize("route", ["v1:users:me", "v1:auth:logout", "v1:users:user-list"])
def test_unauthorized_requests_are_throttled(
    api: Client, rates: dict[str, str], authorization: str, scope: str, route: str
) -> None:
    rates |= {"anon": "1/day", "token": "1/day", scope: "2/day"}
    headers = {"authorization": authorization} if authorization else {}
    responses = [api.post(reverse(route), headers=headers) for _ in range(3)]
    assert [response.status_code for response in responses] == [401, 401, 429]
    assert int(responses[2]["Retry-After"]) > 0
    assert responses[2].json()["type"] == "urn:problem:throttled"


def test_anonymous_limit_does_not_affect_logins_and_users(user: User, rates: dict[str, str]) -> None:
    rates["anon"] = "1/day"
    api = Client()
    assert [api.get(reverse("v1:users:me")).status_code for _ in range(2)] == [401, 429]
    api.login_by_token(user)
    assert api.get(reverse("v1:users:me")).status_code == 200
    login = {"email": user.email, "password": "not this one"}
    assert [Client().post(reverse("v1:auth:token"), login).status_code for _ in range(3)] == [401] * 3


def test_password_endpoints_have_separate_limits(api: Client, rates: dict[str, str]) -> None:
    rates["auth"] = "2/day"
    token, reset = reverse("v1:auth:token"), reverse("v1:auth:password-reset")
    login = {"email": "ann@example.com", "password": "not this one"}
    assert [api.post(token, login).status_code for _ in range(3)] == [401, 401, 429]
    assert [api.post(reset, login).status_code for _ in range(3)] == [202, 202, 429]


def test_token_endpoints_have_a_separate_limit(api: Client, rates: dict[str, str]) -> None:
    rates |= {"auth": "1/day", "token": "2/day"}
    url = reverse("v1:auth:token-verify")
    assert [api.post(url, {"token": "x"}).status_code for _ in range(3)] == [401, 401, 429]


def test_ipv6_network_is_one_client(api: Client, rates: dict[str, str]) -> None:
    rates["anon"] = "1/day"
    assert statuses(api, 1, REMOTE_ADDR="2001:db8:0:1::1") == [200]
    assert statuses(api, 1, REMOTE_ADDR="2001:db8:0:1:ffff::2") == [429]
    assert statuses(api, 1, REMOTE_ADDR="2001:db8:0:2::1") == [200]


def test_forged_header_does_not_get_a_separate_counter(
    api: Client, rates: dict[str, str], settings: Settings
) -> None:
    rates["anon"] = "1/day"
    settings.NUM_PROXIES = 1
    forged = [f"198.51.100.{number}, 192.0.2.1" for number in range(3)]
    assert [statuses(api, 1, HTTP_X_FORWARDED_FOR=header) for header in forged] == [[200], [429], [429]]
