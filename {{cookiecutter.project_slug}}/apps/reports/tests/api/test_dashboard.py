"""Dashboard endpoints and exports of the API."""

from collections.abc import Callable

import pytest
from django.urls import reverse
from pytest_django import Settings

from apps.reports.registry import Report
from apps.reports.tests.factories import EventFactory
from apps.users.models import User
from apps.users.tests.factories import UserFactory
from apps.users.tests.helpers import fields_of, problem_of
from conftest import Client

pytestmark = pytest.mark.django_db

PATHS = ["dashboard", "csv", "xlsx"]


def url(path: str, name: str = "views") -> str:
    return reverse(f"v1:reports:{path}", args=[name])


def test_list_has_the_reports_that_the_user_may_view(staff_api: Client, clerk: Callable[..., User]) -> None:
    names = {report["name"] for report in staff_api.get(reverse("v1:reports:dashboard-list")).json()}
    assert names == {"logins", "events"}
    client = Client()
    client.login_by_token(clerk("view_user", "view_refreshsession"))
    found = {row["name"]: row for row in client.get(reverse("v1:reports:dashboard-list")).json()}
    assert found.keys() == {"registrations", "sessions"}
    assert found["registrations"] == {
        "name": "registrations",
        "title": "Registrations",
        "series": [
            {"name": "registered", "title": "Registered"},
            {"name": "verified", "title": "Verified since"},
        ],
        "has_export": True,
    }
    assert not found["sessions"]["has_export"]


def test_reports_require_staff(api: Client, user_api: Client, views: Report) -> None:
    for path in [reverse("v1:reports:dashboard-list"), *map(url, PATHS), url("csv", "unknown")]:
        problem_of(api.get(path), 401)
        problem_of(user_api.get(path), 403)


@pytest.mark.parametrize("path", PATHS)
def test_report_requires_the_permission_on_its_model(
    staff_api: Client, clerk: Callable[..., User], views: Report, path: str
) -> None:
    client = Client()
    client.login_by_token(clerk("view_user"))
    problem_of(client.get(url(path)), 403)
    response = staff_api.get(url(path))
    assert (response.status_code, bool(response.getvalue())) == (200, True)
    problem_of(staff_api.get(url(path, "unknown")), 404)


def test_dashboard_has_numbers_by_period(staff_api: Client, views: Report) -> None:
    EventFactory.create_batch(2)
    data = staff_api.get(url("dashboard"), {"period": "month"}).json()
    assert (data["name"], data["period"], data["totals"]) == ("views", "month", {"name": 2, "new": 0})
    assert [row["values"]["name"] for row in data["rows"]] == [0] * 11 + [2]
    assert data["rows"][0]["date"].endswith("-01")


@pytest.mark.parametrize(
    ("query", "field", "code"),
    [
        ({"period": "year"}, "period", "invalid_choice"),
        ({"start": "yesterday"}, "start", "invalid"),
        ({"start": "2026-02-01", "end": "2026-01-01"}, "start", "after_end"),
        ({"start": "2000-01-01"}, "start", "too_many"),
    ],
)
def test_dashboard_rejects_invalid_ranges(
    staff_api: Client, views: Report, query: dict[str, str], field: str, code: str
) -> None:
    assert fields_of(staff_api.get(url("dashboard"), query)) == {(field, code)}
    if field != "period":
        assert fields_of(staff_api.get(url("csv"), query)) == {(field, code)}


def test_sessions_and_registrations_are_counted(clerk: Callable[..., User]) -> None:
    client = Client()
    client.login_by_token(clerk("view_user", "view_refreshsession"))
    ended = Client()
    ended.login_by_token(UserFactory.create())
    ended.post(reverse("v1:auth:logout-all"))
    Client().login_by_token(UserFactory.create())
    UserFactory.create(email_verified_at=None)
    data = client.get(url("dashboard", "registrations")).json()
    assert data["totals"] == {"registered": 4, "verified": 3}
    totals = client.get(url("dashboard", "sessions")).json()["totals"]
    assert totals["active"] == 2


@pytest.mark.parametrize(
    ("path", "accept"), [("csv", "text/csv"), ("xlsx", "*/*"), ("csv", "application/json")]
)
def test_export_is_an_attachment(staff_api: Client, views: Report, path: str, accept: str) -> None:
    EventFactory.create()
    response = staff_api.get(url(path), HTTP_ACCEPT=accept)
    assert response.status_code == 200
    assert response["Content-Disposition"] == f'attachment; filename="views.{path}"'
    assert response.streaming
    assert response.getvalue()[:2] in {b'"i', b"PK"}


def test_report_without_columns_has_no_export(clerk: Callable[..., User]) -> None:
    client = Client()
    client.login_by_token(clerk("view_refreshsession"))
    problem_of(client.get(url("csv", "sessions")), 404)


def test_exports_are_throttled(staff_api: Client, views: Report, settings: Settings) -> None:
    settings.THROTTLE_RATES = settings.THROTTLE_RATES | {"report_export": "1/hour"}
    assert staff_api.get(url("csv")).status_code == 200
    problem_of(staff_api.get(url("xlsx")), 429)
    assert staff_api.get(url("dashboard")).status_code == 200
