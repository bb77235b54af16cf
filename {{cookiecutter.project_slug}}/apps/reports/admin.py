from typing import Any

from django.conf import settings
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.core.admin import ReadOnlyAdmin
from apps.reports.charts import report_charts
from apps.reports.models import DailyReport, Event
from apps.reports.periods import Period, span_of
from apps.reports.selectors import report_list


class NameFilter(admin.SimpleListFilter):
    """Filter with the names of the settings; the names of all rows would be a slow query."""

    title = gettext_lazy("name")
    parameter_name = "name"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(name, name) for name in settings.REPORT_EVENTS]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Event]) -> QuerySet[Event]:
        return queryset.filter(name=self.value()) if self.value() else queryset


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    """Admin of events, with a page of charts."""

    change_list_template = "admin/reports/event/change_list.html"
    list_display = ("name", "properties", "created_at")
    list_filter = (NameFilter, "created_at")
    export_fields = ("id", "name", "properties", "created_at")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.charts_view)
        return [path("charts/", view, name="reports_charts"), *super().get_urls()]

    def charts_view(self, request: HttpRequest) -> TemplateResponse:
        """Show the reports on models that the user may view, by `?period=`."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        asked = request.GET.get("period")
        span = span_of(asked if asked in Period.values else Period.DAY)
        context: dict[str, Any] = {
            **self.admin_site.each_context(request),
            "title": _("Charts"),
            "opts": self.opts,
            "reports": [report_charts(report, span) for report in report_list(user=request.user)],
            "span": span,
            "periods": Period.choices,
        }
        return TemplateResponse(request, "admin/reports/charts.html", context)


@admin.register(DailyReport)
class DailyReportAdmin(ReadOnlyAdmin):
    """Admin of mailed reports. After the deletion of a day, its report can be sent again."""

    list_display = ("day", "created_at")
    date_hierarchy = "day"
    export_fields = ("id", "day", "created_at")
