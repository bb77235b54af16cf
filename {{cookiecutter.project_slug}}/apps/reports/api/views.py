"""HTTP layer: validate, call a service or a selector, serialize."""

from http import HTTPStatus
from typing import Any

from django.http import FileResponse, Http404, StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers as drf
from rest_framework.permissions import IsAdminUser
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.core.api.permissions import IsStaffWithPermission
from apps.core.api.serializers import validated
from apps.core.api.throttling import UserThrottle
from apps.reports import selectors
from apps.reports.api import serializers
from apps.reports.api.throttling import EventThrottle, ExportThrottle
from apps.reports.periods import Span, span_of
from apps.reports.registry import REPORTS, Report
from apps.reports.services import exports
from apps.reports.services.events import event_track
from apps.users.authentication import UserRequest

CSV = "text/csv"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def described(report: Report) -> dict[str, Any]:
    series = [{"name": name, "title": str(each.title)} for name, each in report.series.items()]
    title = str(report.title)
    return {"name": report.name, "title": title, "series": series, "has_export": bool(report.export_fields)}


class EventsView(APIView):
    throttle_classes = (UserThrottle, EventThrottle)

    @extend_schema(request=serializers.EventInput, responses={204: None})
    def post(self, request: UserRequest) -> Response:
        """Track an event of the client. The user is not stored."""
        data = validated(serializers.EventInput, request)
        event_track(data["name"], **data["properties"])
        return Response(status=HTTPStatus.NO_CONTENT)


class DashboardListView(APIView):
    permission_classes = (IsAdminUser,)

    @extend_schema(
        responses={200: serializers.ReportOutput(many=True)}, operation_id="reports_dashboard_list"
    )
    def get(self, request: UserRequest) -> Response:
        """List the reports on models that the user may view."""
        return Response([described(report) for report in selectors.report_list(user=request.user)])


class ReportView(APIView):
    """Base view of one report; requires the permission to view the model of its rows."""

    permission_classes = (IsStaffWithPermission,)
    query_class: type[drf.Serializer[Any]] = serializers.ExportQuery

    @property
    def report(self) -> Report:
        if self.kwargs["name"] not in REPORTS:
            raise Http404
        return REPORTS[self.kwargs["name"]]

    @property
    def required_permission(self) -> str:
        return self.report.permission

    def span(self, request: Request) -> Span:
        query = self.query_class(data=request.query_params)
        query.is_valid(raise_exception=True)
        return span_of(**query.validated_data)


class DashboardView(ReportView):
    query_class = serializers.DashboardQuery

    @extend_schema(
        parameters=[serializers.DashboardQuery],
        responses={200: serializers.DashboardOutput},
        operation_id="reports_dashboard_retrieve",
    )
    def get(self, request: UserRequest, name: str) -> Response:
        """Retrieve the numbers of a report by day, week or month. They are cached for some minutes."""
        span = self.span(request)
        numbers = selectors.report_numbers(self.report, span)
        return Response(described(self.report) | {"period": span.period} | numbers)


class CSVRenderer(BaseRenderer):
    """Content negotiation of `CSVView`, which sends its response itself."""

    media_type = CSV
    format = "csv"


class XLSXRenderer(BaseRenderer):
    media_type = XLSX
    format = "xlsx"


class ExportView(ReportView):
    """Base view of exports; reports without `export_fields` yield 404."""

    throttle_classes = (UserThrottle, ExportThrottle)

    @property
    def report(self) -> Report:
        report = super().report
        if not report.export_fields:
            raise Http404
        return report


class CSVView(ExportView):
    renderer_classes = (JSONRenderer, CSVRenderer)

    @extend_schema(parameters=[serializers.ExportQuery], responses={(200, CSV): OpenApiTypes.BINARY})
    def get(self, request: UserRequest, name: str) -> StreamingHttpResponse:
        """Download the rows of a report as CSV."""
        headers = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
        lines = exports.report_csv(self.report, self.span(request))
        return StreamingHttpResponse(lines, content_type=CSV, headers=headers)


class XLSXView(ExportView):
    renderer_classes = (JSONRenderer, XLSXRenderer)

    @extend_schema(parameters=[serializers.ExportQuery], responses={(200, XLSX): OpenApiTypes.BINARY})
    def get(self, request: UserRequest, name: str) -> FileResponse:
        """Download the rows of a report as XLSX: 20,000 at most."""
        file = exports.report_xlsx(self.report, self.span(request))
        return FileResponse(file, as_attachment=True, filename=f"{name}.xlsx", content_type=XLSX)
