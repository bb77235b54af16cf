"""Account enumeration: each state of an account."""

from typing import Any

import pytest
from django.core.mail import EmailMessage
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.users.tests.api import test_enumeration
from apps.users.tests.api.test_enumeration import EMAIL, Pool, ask
from apps.users.tests.factories import UserFactory
from conftest import Client

pytestmark = pytest.mark.django_db

# The fixture of the short test.
pool = test_enumeration.pool

STATES: dict[str, dict[str, Any] | None] = {
    "unknown": None,
    "unverified": {"email_verified_at": None},
    "verified": {},
    "deactivated": {"is_active": False},
    "without password": {"password": None},
}


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
