"""Ranges of days, weeks and months, and numbers by period."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db.models import Avg
from pytest_django import DjangoAssertNumQueries, Settings

from apps.reports.models import Event
from apps.reports.periods import Period, Span, span_of
from apps.reports.registry import Report, Series, report_register
from apps.reports.selectors import report_numbers
from apps.reports.tests.factories import EventFactory

# A Sunday.
NOW = datetime(2026, 3, 29, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _now() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


def at(*moment: int) -> None:
    EventFactory.create(created_at=datetime(*moment).replace(tzinfo=UTC))  # type: ignore[arg-type] # noqa: DTZ001


def series(report: Report, *arguments: Any, name: str = "name") -> dict[str, Any]:
    rows = report_numbers(report, span_of(*arguments))["rows"]
    return {row["date"]: row["values"][name] for row in rows}


@pytest.mark.parametrize(
    ("arguments", "first", "last", "count"),
    [
        ((), date(2026, 2, 28), date(2026, 3, 29), 30),
        (("week",), date(2026, 1, 5), date(2026, 3, 23), 12),
        (("month",), date(2025, 4, 1), date(2026, 3, 1), 12),
        # Whole periods, without future ones.
        (("week", date(2026, 3, 18), date(2030, 1, 1)), date(2026, 3, 16), date(2026, 3, 23), 2),
        (("month", date(2025, 12, 31), date(2026, 1, 31)), date(2025, 12, 1), date(2026, 1, 1), 2),
        (("month", date.min, date(2000, 1, 1)), date(2000, 1, 1), date(2000, 1, 1), 1),
        (("day", None, date.min), date(2000, 1, 1), date(2000, 1, 1), 1),
        (("day", date(2025, 3, 29), None), date(2025, 3, 29), date(2026, 3, 29), 366),
    ],
)
def test_span_has_whole_periods(arguments: Any, first: date, last: date, count: int) -> None:
    days = span_of(*arguments).days
    assert (days[0], days[-1], len(days)) == (first, last, count)


@pytest.mark.parametrize(
    ("start", "end", "code"),
    [
        (date(2026, 3, 2), date(2026, 3, 1), "after_end"),
        (date(2026, 3, 30), None, "after_end"),
        (date.max, date.max, "after_end"),
        (date(2025, 3, 28), None, "too_many"),
    ],
)
def test_span_is_limited(start: date | None, end: date | None, code: str) -> None:
    with pytest.raises(ValidationError) as caught:
        span_of("day", start, end)
    assert caught.value.error_dict["start"][0].code == code


def test_day_of_the_clock_change_has_23_or_25_hours(settings: Settings) -> None:
    assert [moment.utcoffset() for moment in Span("day", date(2026, 3, 29), date(2026, 3, 30)).moments] == [
        midnight.utcoffset()
        for midnight in (
            datetime.fromisoformat("2026-03-29T00:00+01:00"),
            datetime.fromisoformat("2026-03-30T00:00+02:00"),
        )
    ]


@pytest.mark.django_db
def test_numbers_are_by_day_of_the_project_around_clock_changes(views: Report) -> None:
    # The last second of 2026-03-28 and the first one of the next day, in Berlin.
    at(2026, 3, 28, 22, 59, 59)
    at(2026, 3, 28, 23)
    # Before and after the change at 02:00.
    at(2026, 3, 29, 0, 59)
    at(2026, 3, 29, 1)
    at(2026, 3, 29, 21, 59, 59)
    # Of the next day, in the future.
    at(2026, 3, 29, 22)
    found = series(views, "day", date(2026, 3, 27), date(2026, 3, 29))
    assert found == {"2026-03-27": 0, "2026-03-28": 1, "2026-03-29": 4}
    # In autumn, the hour after 02:00 occurs twice.
    for minute in (0, 59):
        at(2025, 10, 26, 0, minute)
        at(2025, 10, 26, 1, minute)
    at(2025, 10, 25, 22)
    at(2025, 10, 26, 22, 59)
    at(2025, 10, 26, 23)
    found = series(views, "day", date(2025, 10, 25), date(2025, 10, 27))
    assert found == {"2025-10-25": 0, "2025-10-26": 6, "2025-10-27": 1}


@pytest.mark.django_db
def test_numbers_are_by_week_and_month(views: Report) -> None:
    # Sunday and Monday, and both sides of a new year, in Berlin.
    at(2026, 3, 22, 22, 59)
    at(2026, 3, 22, 23)
    at(2025, 12, 31, 22, 59)
    at(2025, 12, 31, 23)
    weeks = series(views, "week")
    assert {day: number for day, number in weeks.items() if number} == {"2026-03-16": 1, "2026-03-23": 1}
    months = series(views, "month", date(2025, 12, 1))
    assert months == {"2025-12-01": 1, "2026-01-01": 1, "2026-02-01": 0, "2026-03-01": 2}


@pytest.mark.django_db
def test_series_count_rows_by_condition(views: Report) -> None:
    EventFactory.create(properties={"new": True})
    EventFactory.create_batch(2, properties={"new": False})
    EventFactory.create(name="order")
    numbers = report_numbers(views, span_of())
    assert numbers["totals"] == {"name": 3, "new": 1}
    assert numbers["rows"][-1] == {"date": "2026-03-29", "values": {"name": 3, "new": 1}}


@pytest.mark.django_db
def test_total_of_an_average_is_no_sum() -> None:
    report = Report("ids", "Ids", Event.objects.all(), "created_at", {"mean": Series("Mean", Avg("pk"))})
    for day in (27, 28, 29):
        at(2026, 3, day, 9)
    numbers = report_numbers(report, span_of())
    means = [row["values"]["mean"] for row in numbers["rows"][-3:]]
    assert numbers["totals"]["mean"] == means[1] == sum(means) / 3
    assert numbers["rows"][0]["values"]["mean"] == 0


@pytest.mark.django_db
def test_numbers_are_cached_by_report_and_range(
    views: Report, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(2):
        first = report_numbers(views, span_of())
    at(2026, 3, 29, 9)
    with django_assert_num_queries(0):
        assert report_numbers(views, span_of()) == first
    for period in (Period.WEEK, Period.MONTH):
        assert report_numbers(views, span_of(period))["totals"]["name"] == 1


def test_name_of_a_report_is_unique(views: Report) -> None:
    with pytest.raises(ValueError, match="two reports with the name views"):
        report_register(views)
