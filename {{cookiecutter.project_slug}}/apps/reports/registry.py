"""Reports by name. An app registers its own in its module `reports`, which is imported at startup."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from django.contrib.auth import get_permission_codename

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.db.models import Aggregate, QuerySet
    from django_stubs_ext import StrOrPromise


class Series(NamedTuple):
    """A number for each period, such as `Count("pk", filter=Q(status="paid"))`."""

    title: StrOrPromise
    value: Aggregate


@dataclass(frozen=True)
class Report:
    """Numbers of the rows of a model by day, week or month, for staff with the permission to view the model.

    Args:
        name: the name in URLs.
        title: the translated title.
        rows: the rows, evaluated for each request.
        date_field: the `DateTimeField` that assigns a row to a period; it should have an index.
        series: the numbers by name.
        export_fields: the columns of the export; without them, there is none.
    """

    name: str
    title: StrOrPromise
    rows: QuerySet[Any]
    date_field: str
    series: Mapping[str, Series]
    export_fields: tuple[str, ...] = ()

    @property
    def permission(self) -> str:
        options = self.rows.model._meta  # noqa: SLF001 - Django's documented Options API
        return f"{options.app_label}.{get_permission_codename('view', options)}"


REPORTS: dict[str, Report] = {}


def report_register(report: Report) -> None:
    """Add a report.

    Raises:
        ValueError: there is another one with this name.
    """
    if report.name in REPORTS:
        raise ValueError(f"There are two reports with the name {report.name}.")
    REPORTS[report.name] = report
