"""Account enumeration: responses and their work do not depend on whether an email is registered."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.mail import EmailMessage
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django import Settings

from apps.users.tests.factories import PASSWORD, UserFactory
from conftest import Client
from infrastructure import background

pytestmark = pytest.mark.django_db

EMAIL = "ada@example.com"
STATES: dict[str, dict[str, Any] | None] = {
    "unknown": None,
    "unverified": {"email_verified_at": None},
    "verified": {},
    "deactivated": {"is_active": False},
    "without password": {"password": None},
}


class Pool:
    """Executor that collects background jobs instead of running them."""

    def __init__(self) -> None:
        self.jobs: list[tuple[Any, ...]] = []

    def submit(self, run: Callable[..., object], function: Callable[..., object], *args: Any) -> None:
        self.jobs.append((function, *args))


@pytest.fixture
def pool(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Pool:
    settings.BACKGROUND_THREADS = True
    pool = Pool()
    monkeypatch.setattr(background, "_workers", pool)
    return pool


def ask(name: str, email: str = EMAIL) -> tuple[int, bytes, list[str]]:
    """Send a request; returns the response and its SQL statements."""
    with CaptureQueriesContext(connection) as queries:
        response = Client().post(reverse(f"v1:auth:{name}"), {"email": email, "password": PASSWORD})
    return response.status_code, response.content, [query["sql"].partition(" ")[0] for query in queries]


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("name", ["register", "resend-verification", "password-reset"])
def test_request_does_the_same_work_in_every_account_state(
    pool: Pool, mailoutbox: list[EmailMessage], name: str, state: str
) -> None:
    expected = ask(name, "unknown@example.com")
    fields = STATES[state]
    if fields is not None:
        UserFactory.create(email=EMAIL, **fields)
    assert ask(name) == expected
    assert len(pool.jobs) == 2
    assert not mailoutbox


@pytest.mark.parametrize("name", ["resend-verification", "password-reset"])
def test_mail_request_runs_no_queries_before_the_response(pool: Pool, name: str) -> None:
    assert ask(name) == (202, b"", [])


@pytest.mark.parametrize("state", ["unverified", "deactivated", "verified"])
def test_failed_login_runs_the_same_statements_in_every_account_state(pool: Pool, state: str) -> None:
    def fail(email: str) -> list[str]:
        with CaptureQueriesContext(connection) as queries:
            body = {"email": email, "password": "wrong"}
            assert Client().post(reverse("v1:auth:token"), body).status_code == 401
        return [query["sql"].partition(" ")[0] for query in queries]

    UserFactory.create(email=EMAIL, **(STATES[state] or {}))

    assert fail(EMAIL) == fail("unknown@example.com")
    assert not pool.jobs
