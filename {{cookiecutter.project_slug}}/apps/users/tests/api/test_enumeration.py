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


@pytest.mark.parametrize("name", ["register", "resend-verification", "password-reset"])
def test_request_does_the_same_work_for_a_registered_email(
    pool: Pool, mailoutbox: list[EmailMessage], name: str
) -> None:
    expected = ask(name, "unknown@example.com")
    UserFactory.create(email=EMAIL)
    assert ask(name) == expected
    assert len(pool.jobs) == 2
    assert not mailoutbox
