"""Rows of a report as CSV or XLSX, in constant memory."""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal
from itertools import chain
from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.core.admin import csv_lines, escaped, plain
from apps.reports.selectors import report_rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from apps.reports.periods import Span
    from apps.reports.registry import Report

# The file is complete before the response begins: seconds of a processor.
MAX_XLSX_ROWS = 20_000
NOT_IN_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def report_csv(report: Report, span: Span) -> Iterator[str]:
    """Return the lines of a CSV file, read from the database while they are sent."""
    return csv_lines(report_rows(report, span), report.export_fields)


def report_xlsx(report: Report, span: Span) -> IO[bytes]:
    """Return a temporary file, which is deleted when it is closed.

    Raises:
        ValidationError: there are more than `MAX_XLSX_ROWS` rows.
    """
    from openpyxl import Workbook  # noqa: PLC0415 - costs time and memory

    rows = report_rows(report, span).values_list(*report.export_fields)
    if rows[: MAX_XLSX_ROWS + 1].count() > MAX_XLSX_ROWS:
        message = _("There are more than %(max)d rows. Choose a shorter time, or CSV.")
        error = ValidationError(message, code="too_many", params={"max": MAX_XLSX_ROWS})
        raise ValidationError({"start": error})
    # In this mode, openpyxl writes each row to a temporary file.
    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    for row in chain([report.export_fields], rows.iterator()):
        sheet.append([_cell(value) for value in row])
    file = TemporaryFile()  # noqa: SIM115 - the response closes it
    book.save(file)
    file.seek(0)
    return file


def _cell(value: Any) -> Any:
    """Return a value that Excel can store. Texts are escaped too: users may save the file as CSV."""
    if value is None or isinstance(value, bool | int | float | Decimal):
        return value
    if isinstance(value, datetime):
        return timezone.make_naive(value, timezone.get_default_timezone())
    # Escaped after the removal, since a formula may follow such a character.
    return escaped(NOT_IN_XML.sub("", plain(value)))
