"""Tracking and purging of events."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import transaction
from django.utils import timezone
from pytest_django import Settings

from apps.reports.models import Event
from apps.reports.services.events import MAX_NUMBER, MAX_TEXT, event_track
from apps.reports.tests.factories import EventFactory
from apps.users.models import User
from apps.users.tests.factories import SuperuserFactory
from apps.users.tests.helpers import browser_of
from conftest import Client

pytestmark = pytest.mark.django_db


def test_event_is_stored_with_allowed_values() -> None:
    event_track("page_view", page="x" * MAX_TEXT, number=-MAX_NUMBER, new=True)
    event_track("order")
    first, second = Event.objects.order_by("id")
    assert first.properties == {"page": "x" * MAX_TEXT, "number": -MAX_NUMBER, "new": True}
    assert (second.name, second.properties) == ("order", {})


@pytest.mark.parametrize(
    ("name", "properties", "code"),
    [
        ("other", {}, "unknown_event"),
        ("page_view", {"email": "ada@example.com"}, "unknown"),
        ("page_view", {"page": "x" * (MAX_TEXT + 1)}, "invalid_value"),
        ("page_view", {"page": "a\0"}, "invalid_value"),
        ("page_view", {"page": "\ud800"}, "invalid_value"),
        ("page_view", {"page": None}, "invalid_value"),
        ("page_view", {"page": {"a": 1}}, "invalid_value"),
        ("page_view", {"number": 1.5}, "invalid_value"),
        ("page_view", {"number": MAX_NUMBER + 1}, "invalid_value"),
    ],
)
def test_event_rejects_unknown_names_and_values(name: str, properties: dict[str, Any], code: str) -> None:
    with pytest.raises(ValidationError) as caught:
        event_track(name, **properties)
    [error] = next(iter(caught.value.error_dict.values()))
    assert error.code == code
    assert not Event.objects.exists()


def test_event_is_rolled_back_with_its_transaction() -> None:
    def fail() -> None:
        event_track("order")
        raise RuntimeError

    with pytest.raises(RuntimeError), transaction.atomic():
        fail()
    assert not Event.objects.exists()


def test_login_is_tracked_without_the_user(user: User) -> None:
    Client().login_by_token(user)
    browser_of(SuperuserFactory.create())
    assert list(Event.objects.order_by("id").values_list("name", "properties")) == [
        ("login", {"via": "api"}),
        ("login", {"via": "admin"}),
    ]


def test_login_is_not_tracked_without_its_event(user: User, settings: Settings) -> None:
    settings.REPORT_EVENTS = {}
    Client().login_by_token(user)
    assert not Event.objects.exists()


def test_purge_deletes_events_after_the_retention_period(capsys: pytest.CaptureFixture[str]) -> None:
    now = timezone.now()
    EventFactory.create(created_at=now - timedelta(days=31))
    kept = EventFactory.create(created_at=now - timedelta(days=29))
    call_command("purge_events", "--dry-run")
    assert Event.objects.count() == 2
    call_command("purge_events")
    assert Event.objects.get() == kept
    assert capsys.readouterr().out == "1 events to remove.\n1 events removed.\n"
