"""Database reads, independent of requests."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any

from django.db.models import DateField, QuerySet
from django.db.models.functions import TruncDay, TruncMonth, TruncWeek
from django.utils import timezone

from apps.core.caching import cache_remember
from apps.reports.periods import Period, Span
from apps.reports.registry import REPORTS, Report

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from apps.users.models import User

Numbers = dict[str, Any]

TRUNCATE = {Period.DAY: TruncDay, Period.WEEK: TruncWeek, Period.MONTH: TruncMonth}
# The numbers may be this old. Older ones are returned for another hour while they are recomputed.
FRESH = timedelta(minutes=5)
STALE = timedelta(hours=1)


def report_list(*, user: User | AnonymousUser) -> list[Report]:
    """Return the reports that a user may see."""
    return [report for report in REPORTS.values() if user.has_perm(report.permission)]


def report_rows(report: Report, span: Span) -> QuerySet[Any]:
    """Return the rows in a span, oldest first."""
    first, after = span.moments
    within = {f"{report.date_field}__gte": first, f"{report.date_field}__lt": after}
    return report.rows.filter(**within).order_by(report.date_field, "pk")


def report_totals(report: Report, span: Span) -> Numbers:
    """Return the number of each series for the whole span. The sum of averages would be wrong."""
    return _values(report, report_rows(report, span).aggregate(**_aggregates(report)))


def report_numbers(report: Report, span: Span) -> Numbers:
    """Return the `totals`, and `rows` with `date` and `values` of each period; cached for some minutes."""
    key = f"reports:{report.name}:{span.period}:{span.start}:{span.end}"
    return cache_remember(key, partial(_compute, report, span), fresh=FRESH, stale=STALE)


def _compute(report: Report, span: Span) -> Numbers:
    # Grouped by date: around a change of the clock, two moments can have the same local time.
    period = TRUNCATE[Period(span.period)](
        report.date_field, output_field=DateField(), tzinfo=timezone.get_default_timezone()
    )
    grouped = report_rows(report, span).order_by().values(report_period=period)
    groups = grouped.annotate(**_aggregates(report))
    found = {group["report_period"]: _values(report, group) for group in groups}
    zeros = dict.fromkeys(report.series, 0)
    days = [{"date": day.isoformat(), "values": found.get(day, zeros)} for day in span.days]
    return {"rows": days, "totals": report_totals(report, span)}


def _aggregates(report: Report) -> dict[str, Any]:
    # The names of series may be names of fields.
    return {f"series_{position}": series.value for position, series in enumerate(report.series.values())}


def _values(report: Report, row: Numbers) -> Numbers:
    return {name: _number(row[f"series_{position}"]) for position, name in enumerate(report.series)}


def _number(value: Any) -> float:
    """Return a JSON number; 0 for the sum of no rows."""
    return float(value) if isinstance(value, Decimal) else value or 0
