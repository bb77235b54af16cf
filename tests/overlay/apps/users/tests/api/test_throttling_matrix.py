"""Rate limits with all kinds of clients and bodies."""

from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.urls import reverse
from pytest_django import Settings

from apps.users.models import User
from apps.users.tests.api.test_throttling import LIMIT, NOW, PUBLIC, ask, assert_throttled
from apps.users.tests.factories import PASSWORD
from apps.users.tests.helpers import Response
from conftest import Client

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _limit(settings: Settings) -> Iterator[None]:
    rate = f"{LIMIT}/minute,1000/day"
    settings.THROTTLE_RATES = {**settings.THROTTLE_RATES, "auth": rate, "token": rate}
    with time_machine.travel(NOW, tick=False):
        yield


LOGGED_IN = ["logout", "logout-all", "password-change", "email-change"]


def test_endpoints_have_separate_counters() -> None:
    for name in PUBLIC:
        for _ in range(LIMIT):
            assert ask(name).status_code == 400


@pytest.mark.parametrize("email", [None, 7, [], {}, ["ada@example.com"]])
def test_invalid_email_is_throttled_by_client_only(email: Any) -> None:
    for number in range(LIMIT + 1):
        assert ask("password-reset", client=f"192.0.2.{number}", email=email).status_code == 400


def test_email_that_cannot_be_encoded_is_throttled() -> None:
    def ask_oddly(client: str) -> Response:
        body, url = r'{"email": "\ud800@example.com"}', reverse("v1:auth:password-reset")
        return Client().generic("POST", url, body, "application/json", REMOTE_ADDR=client)

    for number in range(LIMIT):
        assert ask_oddly(f"192.0.2.{number}").status_code == 400

    assert_throttled(ask_oddly("192.0.2.10"))


def test_ipv6_network_is_throttled_as_one_client() -> None:
    for number in range(LIMIT):
        assert ask("token", client=f"2001:db8::{number}").status_code == 400
    assert_throttled(ask("token", client="2001:db8::ffff:1"))
    assert ask("token", client="2001:db8:0:1::1").status_code == 400


def test_body_that_is_no_object_is_throttled_by_client_only() -> None:
    url = reverse("v1:auth:password-reset")
    for number in range(LIMIT + 1):
        assert Client().post(url, ["ada@example.com"], REMOTE_ADDR=f"192.0.2.{number}").status_code == 400


def test_throttle_resets_after_its_window() -> None:
    for _ in range(LIMIT + 1):
        ask("token")
    with time_machine.travel(NOW.replace(minute=1, second=0), tick=False):
        assert ask("token").status_code == 400


def test_throttle_enforces_all_of_several_limits(settings: Settings) -> None:
    settings.THROTTLE_RATES = {**settings.THROTTLE_RATES, "auth": "2/minute,3/day"}
    for minute in (0, 1):
        with time_machine.travel(NOW.replace(minute=minute), tick=False):
            statuses = [ask("token").status_code for _ in range(2)]
    assert statuses == [400, 429]


@pytest.mark.parametrize(
    ("proxies", "forged"),
    [
        # Without a proxy, the client sets the header.
        (0, "203.0.113.{number}"),
        # Each proxy appends the IP address of its client.
        (1, "203.0.113.{number}, 198.51.100.1"),
        (2, "203.0.113.{number}, 198.51.100.1, 10.0.0.1"),
        # A request that bypassed the proxies.
        (2, "203.0.113.{number}"),
    ],
)
def test_throttle_ignores_forged_headers(settings: Settings, proxies: int, forged: str) -> None:
    settings.NUM_PROXIES = proxies
    for number in range(LIMIT):
        assert ask("token", forwarded=forged.format(number=number)).status_code == 400
    assert_throttled(ask("token", forwarded=forged.format(number=LIMIT)))


@pytest.mark.parametrize(
    ("proxies", "chain"), [(1, "198.51.100.{number}"), (2, "198.51.100.{number}, 10.0.0.1")]
)
def test_throttle_distinguishes_clients_behind_proxies(settings: Settings, proxies: int, chain: str) -> None:
    settings.NUM_PROXIES = proxies
    for number in range(LIMIT + 1):
        assert ask("token", client="10.0.0.2", forwarded=chain.format(number=number)).status_code == 400


@pytest.mark.parametrize("name", LOGGED_IN)
def test_user_is_throttled_across_clients(user: User, settings: Settings, name: str) -> None:
    settings.THROTTLE_RATES = {**settings.THROTTLE_RATES, "user": f"{LIMIT}/minute"}
    api = Client()
    api.force_authenticate(user)
    url = reverse(f"v1:auth:{name}")
    for number in range(LIMIT):
        assert api.post(url, {}, REMOTE_ADDR=f"192.0.2.{number}").status_code in {204, 400}
    assert_throttled(api.post(url, {}, REMOTE_ADDR="192.0.2.10"))


def test_failures_from_other_clients_do_not_lock_out_the_owner(user: User) -> None:
    for number in range(LIMIT + 1):
        ask("token", client=f"192.0.2.{number}", email=user.email, password="wrong")
    response = ask("token", client="192.0.2.10", email=user.email, password=PASSWORD)
    assert response.status_code == 200


@pytest.mark.parametrize("name", LOGGED_IN)
def test_authenticated_client_is_throttled(user: User, name: str) -> None:
    api = Client()
    # The first request invalidates the token.
    api.force_authenticate(user)
    for _ in range(LIMIT):
        assert api.post(reverse(f"v1:auth:{name}"), {}).status_code in {204, 400}
    assert_throttled(api.post(reverse(f"v1:auth:{name}"), {}))


def test_throttled_login_checks_no_password(user: User) -> None:
    for _ in range(LIMIT):
        ask("token", email=user.email, password="wrong")
    assert_throttled(ask("token", email=user.email, password=PASSWORD))
    user.refresh_from_db()
    assert user.last_login is None
