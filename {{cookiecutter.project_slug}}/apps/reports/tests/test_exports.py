"""CSV and XLSX files: content, escaping and memory."""

import csv
import tracemalloc
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.db.models import QuerySet
from django.test.utils import CaptureQueriesContext
from django.utils.timezone import localtime
from openpyxl import load_workbook

from apps.reports.models import Event
from apps.reports.periods import span_of
from apps.reports.registry import Report
from apps.reports.services import exports
from apps.reports.tests.factories import EventFactory

pytestmark = pytest.mark.django_db


def read_csv(report: Report) -> list[list[str]]:
    return list(csv.reader(exports.report_csv(report, span_of())))


def read_xlsx(report: Report) -> list[tuple[Any, ...]]:
    with exports.report_xlsx(report, span_of()) as file:
        book: Any = load_workbook(file)
        return list(book.active.values)


def consume_csv(report: Report) -> None:
    for _line in exports.report_csv(report, span_of()):
        pass


def consume_xlsx(report: Report) -> None:
    exports.report_xlsx(report, span_of()).close()


class SmallChunks(QuerySet[Event]):
    """Rows that are fetched in chunks of 50 instead of 2,000, so that fewer rows suffice."""

    def iterator(self, chunk_size: int | None = 50) -> Iterator[Any]:
        return super().iterator(chunk_size)


def peak(consume: Callable[[Report], None], report: Report) -> int:
    tracemalloc.start()
    try:
        consume(report)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_files_have_the_rows_of_the_report(views: Report) -> None:
    first = EventFactory.create(properties={"page": "é"})
    second = EventFactory.create(properties={"new": True})
    EventFactory.create(name="order")
    EventFactory.create(created_at=datetime(2020, 1, 1, tzinfo=UTC))
    header, *rows = read_csv(views)
    assert header == ["id", "properties", "created_at"]
    assert rows == [
        [str(first.pk), '{"page": "é"}', str(first.created_at)],
        [str(second.pk), '{"new": true}', str(second.created_at)],
    ]
    titles, *cells = read_xlsx(views)
    assert titles == ("id", "properties", "created_at")
    assert [cell[:2] for cell in cells] == [(first.pk, '{"page": "é"}'), (second.pk, '{"new": true}')]
    assert cells[0][2].replace(microsecond=0) == localtime(first.created_at).replace(
        microsecond=0, tzinfo=None
    )


@pytest.mark.parametrize("name", ["=1+1", "@SUM(A1)", "\x01=1+1", "a;-1", "=1\uffff"])
def test_formulas_are_escaped(views: Report, name: str) -> None:
    EventFactory.create(name=name)
    report = Report("names", "Names", Event.objects.all(), "created_at", {}, export_fields=("name",))
    [[header], [cell]] = read_csv(report)
    assert header == "name"
    assert not cell.removeprefix("\x01").startswith(("=", "@")) or name.startswith("\x01")
    with exports.report_xlsx(report, span_of()) as file:
        book: Any = load_workbook(file)
        sheet = book.active
        assert sheet["A2"].data_type == "s"
        assert not str(sheet["A2"].value).startswith(("=", "@"))


@pytest.mark.parametrize("consume", [consume_csv, consume_xlsx])
def test_memory_of_export_does_not_depend_on_the_number_of_rows(consume: Callable[[Report], None]) -> None:
    report = Report("large", "Large", SmallChunks(Event), "created_at", {}, export_fields=("properties",))
    consume(report)
    properties = {"page": "x" * 2000}
    Event.objects.bulk_create(Event(properties=properties) for _ in range(200))
    few = peak(consume, report)
    Event.objects.bulk_create(Event(properties=properties) for _ in range(1000))
    assert peak(consume, report) < 1.2 * few


def test_first_line_is_sent_before_the_rows_are_read(views: Report) -> None:
    EventFactory.create()
    with CaptureQueriesContext(connection) as queries:
        lines = exports.report_csv(views, span_of())
        assert next(lines).startswith('"id"')
        assert len(queries) == 0
        assert sum(1 for _ in lines) == 1


def test_xlsx_is_limited(views: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports, "MAX_XLSX_ROWS", 2)
    EventFactory.create_batch(2)
    assert len(read_xlsx(views)) == 3
    EventFactory.create()
    with pytest.raises(ValidationError, match="more than 2 rows"):
        exports.report_xlsx(views, span_of())
