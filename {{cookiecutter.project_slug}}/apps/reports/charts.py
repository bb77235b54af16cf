"""Bars of the charts in the admin, which a template draws as SVG without scripts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from apps.reports.selectors import report_numbers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from apps.reports.periods import Span
    from apps.reports.registry import Report

# Units of the view box: integers, which no language writes with a comma.
STEP = 12
HEIGHT = 100


class Bar(NamedTuple):
    x: int
    y: int
    height: int
    date: str
    value: float


class Chart(NamedTuple):
    title: str
    total: float
    width: int
    bars: list[Bar]


def report_charts(report: Report, span: Span) -> dict[str, Any]:
    """Return the charts of a report, one for each series, and the rows of the table below them."""
    numbers = report_numbers(report, span)
    charts = [
        Chart(
            str(series.title),
            numbers["totals"][name],
            STEP * len(numbers["rows"]),
            list(_bars([(row["date"], row["values"][name]) for row in numbers["rows"]])),
        )
        for name, series in report.series.items()
    ]
    rows = [(row["date"], [row["values"][name] for name in report.series]) for row in numbers["rows"]]
    return {"title": report.title, "charts": charts, "rows": rows}


def _bars(values: list[tuple[str, float]]) -> Iterator[Bar]:
    highest = max(value for _, value in values)
    for position, (date, value) in enumerate(values):
        # A small number is still visible.
        height = max(1, round(HEIGHT * value / highest)) if value > 0 else 0
        yield Bar(STEP * position, HEIGHT - height, height, date, value)
