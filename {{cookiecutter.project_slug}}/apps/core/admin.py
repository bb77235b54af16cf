"""Admin site title and base classes of model admins."""

import csv
import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest, StreamingHttpResponse
from django.utils.translation import gettext_lazy as _

from config import project

# Spreadsheets may split at these even inside quotes, and then skip leading blanks and quotes.
SEPARATORS = re.compile(r"([,;|\t\r\n])")
SKIPPED = ' "\0\v\f\xa0\u200b\u3000\ufeff'
FORMULA_STARTS = tuple("=+-@＝＋－＠")  # noqa: RUF001 - fullwidth signs start formulas too

admin.site.site_title = admin.site.site_header = project.TITLE


class _Echo:
    """File-like object that returns what is written, so that rows are streamed."""

    def write(self, value: str) -> str:
        return value


def _cell(value: Any) -> Any:
    """Escape formulas: https://owasp.org/www-community/attacks/CSV_Injection"""
    if value is None or isinstance(value, int | float | Decimal):
        return value
    text = str(value)
    parts = SEPARATORS.split(f"'{text}" if text.startswith(("\t", "\r")) else text)
    return "".join(f"'{part}" if part.lstrip(SKIPPED).startswith(FORMULA_STARTS) else part for part in parts)


class CSVExportMixin:
    """Mixin with an admin action that exports the selected rows; set the fields in `export_fields`."""

    export_fields: tuple[str, ...]

    @admin.action(description=_("Export selected rows as CSV"), permissions=["view"])
    def export_csv(self, request: HttpRequest, queryset: QuerySet[Model]) -> StreamingHttpResponse:
        writer = csv.writer(_Echo(), quoting=csv.QUOTE_ALL)

        def rows() -> Iterator[str]:
            yield writer.writerow(self.export_fields)
            for row in queryset.values_list(*self.export_fields).iterator():
                yield writer.writerow([_cell(value) for value in row])

        name = queryset.model._meta.model_name  # noqa: SLF001 - Django's documented Options API
        headers = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
        return StreamingHttpResponse(rows(), content_type="text/csv", headers=headers)


class ReadOnlyAdmin(CSVExportMixin, admin.ModelAdmin):
    """Model admin without add and change; rows can be viewed, exported and deleted."""

    actions: Sequence[Any] = ("export_csv",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
