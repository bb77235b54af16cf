"""Events of clients."""

from typing import Any

import pytest
from django.urls import reverse
from pytest_django import Settings

from apps.reports.models import Event
from apps.users.tests.helpers import fields_of, problem_of
from conftest import Client

pytestmark = pytest.mark.django_db

URL = "v1:reports:events"


def test_event_of_a_client_is_stored_without_the_user(user_api: Client) -> None:
    Event.objects.all().delete()
    body = {"name": "page_view", "properties": {"page": "pricing"}}
    assert user_api.post(reverse(URL), body).status_code == 204
    assert user_api.post(reverse(URL), {"name": "page_view"}).status_code == 204
    rows = Event.objects.order_by("id").values("name", "properties")
    assert list(rows) == [body, {"name": "page_view", "properties": {}}]


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        # Tracked by the server only.
        ({"name": "login", "properties": {"via": "api"}}, "name", "not_for_clients"),
        ({"name": "other"}, "name", "not_for_clients"),
        ({"name": "page_view", "properties": {"email": "a"}}, "properties", "unknown"),
        ({"name": "page_view", "properties": {"page": "a\0"}}, "properties", "invalid_value"),
        ({"name": "page_view", "properties": {"page": ["a"]}}, "properties", "invalid_value"),
        ({"name": "page_view", "properties": []}, "properties", "not_a_dict"),
    ],
)
def test_event_of_a_client_is_validated(
    user_api: Client, body: dict[str, Any], field: str, code: str
) -> None:
    Event.objects.all().delete()
    assert fields_of(user_api.post(reverse(URL), body)) == {(field, code)}
    assert not Event.objects.exists()


def test_event_requires_a_user(api: Client) -> None:
    problem_of(api.post(reverse(URL), {"name": "page_view"}), 401)


def test_events_of_a_client_are_throttled(user_api: Client, settings: Settings) -> None:
    settings.THROTTLE_RATES = settings.THROTTLE_RATES | {"event": "2/hour"}
    statuses = [user_api.post(reverse(URL), {"name": "page_view"}).status_code for _ in range(3)]
    assert statuses == [204, 204, 429]
