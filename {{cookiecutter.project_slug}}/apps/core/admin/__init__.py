"""Admin site title and base classes of model admins."""

import csv
import json
import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _

from config import project

# Spreadsheets may split at these even inside quotes, and then skip leading blanks and quotes.
SEPARATORS = re.compile(r"([,;|\t\r\n])")
SKIPPED = "' \"\0\v\f\xa0\u200b\u3000\ufeff"
FORMULA_STARTS = tuple("=+-@＝＋－＠")  # noqa: RUF001 - fullwidth signs start formulas too

admin.site.site_title = admin.site.site_header = project.TITLE


class _Echo:
    """File-like object that returns what is written, so that rows are streamed."""

    def write(self, value: str) -> str:
        return value


def _is_formula(part: str) -> bool:
    # Further quotes too, so that `unescaped` restores any text.
    return part.lstrip(SKIPPED).startswith(FORMULA_STARTS)


def plain(value: Any) -> str:
    """Return a value as text; that of a JSON field as JSON."""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else str(value)


def escaped(value: Any) -> Any:
    """Escape formulas: https://owasp.org/www-community/attacks/CSV_Injection"""
    if value is None or isinstance(value, int | float | Decimal):
        return value
    text = plain(value)
    parts = SEPARATORS.split(f"'{text}" if text.lstrip("'").startswith(("\t", "\r")) else text)
    return "".join(f"'{part}" if _is_formula(part) else part for part in parts)


def unescaped(text: str) -> str:
    """Return the text of an escaped cell."""
    parts = (part[part.startswith("'") and _is_formula(part) :] for part in SEPARATORS.split(text))
    text = "".join(parts)
    return text[text.startswith("'") and text.lstrip("'").startswith(("\t", "\r")) :]


def csv_lines(queryset: QuerySet[Model], fields: Sequence[str]) -> Iterator[str]:
    """Yield the lines of a CSV file; django-import-export would keep all of them in memory."""
    writer = csv.writer(_Echo(), quoting=csv.QUOTE_ALL)
    yield writer.writerow(fields)
    for row in queryset.values_list(*fields).iterator():
        yield writer.writerow([escaped(value) for value in row])


class CSVExportMixin:
    """Mixin with an admin action that exports the selected rows; set the fields in `export_fields`."""

    actions: Sequence[Any] | None = ("export_csv",)
    export_fields: tuple[str, ...]
    # Without a second COUNT, of all rows.
    show_full_result_count = False

    @admin.action(description=_("Export selected rows as CSV"), permissions=["view"])
    def export_csv(self, request: HttpRequest, queryset: QuerySet[Model]) -> StreamingHttpResponse:
        name = queryset.model._meta.model_name  # noqa: SLF001 - Django's documented Options API
        headers = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
        lines = csv_lines(queryset, self.export_fields)
        return StreamingHttpResponse(lines, content_type="text/csv", headers=headers)


class CSVAdmin(CSVExportMixin, admin.ModelAdmin):
    """Model admin with export and import of CSV files.

    Files have the columns `export_fields`. An import changes those that are editable and not in
    `readonly_fields`. It requires the permissions to add and to change rows; permissions for single rows do
    not apply.
    """

    change_list_template = "admin/import_export/change_list_import.html"

    def has_import_permission(self, request: HttpRequest) -> bool:
        return self.has_add_permission(request) and self.has_change_permission(request)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.import_view)
        name = f"{self.opts.app_label}_{self.opts.model_name}"
        pages = ("import", "process_import")
        own = [path(f"{page}/", view, {"page": page}, name=f"{name}_{page}") for page in pages]
        return own + super().get_urls()

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        context = {"has_import_permission": self.has_import_permission(request)}
        return super().changelist_view(request, context | (extra_context or {}))

    def import_save(self, obj: Any, user: Any) -> None:
        """Save an imported row; override it to call a service, whose `ValidationError` rejects the row.

        Args:
            obj: valid instance of the model, new or changed.
            user: the user of the request, or None in the command `import_rows`.
        """
        obj.save(force_insert=obj._state.adding)  # noqa: SLF001 - documented

    def import_view(self, request: HttpRequest, page: str) -> HttpResponse:
        from apps.core.admin.imports import Importer  # noqa: PLC0415 - costs time and memory

        importer = Importer(self, request)
        return importer.import_action(request) if page == "import" else importer.process_import(request)


class ReadOnlyAdmin(CSVExportMixin, admin.ModelAdmin):
    """Model admin without add and change; rows can be viewed, exported and deleted."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(LogEntry)
class LogEntryAdmin(ReadOnlyAdmin):
    """Log of all changes in the admin, which cannot be deleted there."""

    list_display = ("action_time", "user", "action_flag", "content_type", "object_repr", "get_change_message")
    list_display_links = ("action_time", "object_repr")
    list_filter = ("action_flag", "action_time", "content_type")
    list_select_related = ("content_type", "user")
    search_fields = ("object_repr", "user__email")
    date_hierarchy = "action_time"
    export_fields = ("id", "action_time", "user_id", "action_flag", "content_type_id", "object_id")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
