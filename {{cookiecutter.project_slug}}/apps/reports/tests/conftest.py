"""Fixtures of the reports tests."""

from collections.abc import Callable, Iterator

import pytest
from django.contrib.auth.models import Permission
from django.db.models import Count, Q
from pytest_django import Settings

from apps.reports.models import Event
from apps.reports.registry import REPORTS, Report, Series, report_register
from apps.users.models import User
from apps.users.tests.factories import StaffFactory
from conftest import Client


@pytest.fixture(autouse=True)
def _settings(settings: Settings) -> None:
    settings.TIME_ZONE = "Europe/Berlin"
    settings.REPORT_EVENTS = {"login": ("via",), "page_view": ("page", "number", "new"), "order": ()}
    settings.REPORT_CLIENT_EVENTS = {"page_view"}
    settings.REPORT_RECIPIENTS = []
    settings.REPORT_EVENT_DAYS = 30


@pytest.fixture
def views() -> Iterator[Report]:
    """Register a report on events with the name `page_view`."""
    report = Report(
        "views",
        "Views",
        Event.objects.filter(name="page_view"),
        "created_at",
        {
            # Also names of fields of the model.
            "name": Series("All", Count("pk")),
            "new": Series("New", Count("pk", filter=Q(properties__new=True))),
        },
        export_fields=("id", "properties", "created_at"),
    )
    report_register(report)
    yield report
    del REPORTS["views"]


@pytest.fixture
def clerk(db: None) -> Callable[..., User]:
    """Return a function that creates staff with the given permissions."""

    def create(*permissions: str) -> User:
        staff = StaffFactory.create()
        staff.user_permissions.set(Permission.objects.filter(codename__in=permissions))
        return staff

    return create


@pytest.fixture
def staff_api(clerk: Callable[..., User]) -> Client:
    """Return a client of a staff user that may only view events."""
    client = Client()
    client.login_by_token(clerk("view_event"))
    return client
