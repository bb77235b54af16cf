"""Client-side timeouts for a database that hangs (`DB_ANSWER_TIMEOUT`)."""

import pytest
from django.db import connection
from django.urls import reverse

from apps.users.models import User
from conftest import Client
from infrastructure.database.postgresql import answer_within, seconds_left

on_postgresql = pytest.mark.skipif(
    connection.vendor != "postgresql", reason="DATABASE_URL names no PostgreSQL"
)


def test_deadline_is_the_earlier_of_nested_blocks() -> None:
    assert seconds_left() is None
    with answer_within(100):
        with answer_within(0):
            assert seconds_left() == 0
        with answer_within(1000):
            assert 0 < (seconds_left() or 0) <= 100
    assert seconds_left() is None


@on_postgresql
def test_api_returns_503_with_retry_after_when_query_times_out(
    user_api: Client, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(*_args: object) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = 100; SELECT pg_sleep(60)")

    monkeypatch.setattr("apps.users.api.views.selectors.user_export", slow)
    response = user_api.get(reverse("v1:users:export"))
    assert (response.status_code, response["Retry-After"]) == (503, "5")
