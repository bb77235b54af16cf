"""Input and output serializers of the reports API."""

from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from apps.reports.periods import Period


class EventInput(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=50)
    properties = serializers.DictField(required=False, default=dict)

    default_error_messages = {"not_for_clients": _("Unknown event.")}

    def validate_name(self, name: str) -> str:
        """Accept only events that clients may send."""
        if name not in settings.REPORT_CLIENT_EVENTS:
            self.fail("not_for_clients")
        return name


class ExportQuery(serializers.Serializer[Any]):
    start = serializers.DateField(required=False, help_text="The first day; by default 29 days before `end`.")
    end = serializers.DateField(required=False, help_text="The last day, today at the latest.")


class DashboardQuery(ExportQuery):
    period = serializers.ChoiceField(choices=Period.choices, default=Period.DAY)
    start = serializers.DateField(
        required=False, help_text="A day of the first period. By default, 30 days, 12 weeks or 12 months."
    )
    end = serializers.DateField(required=False, help_text="A day of the last period, today at the latest.")


class SeriesOutput(serializers.Serializer[Any]):
    name = serializers.CharField(read_only=True)
    title = serializers.CharField(read_only=True)


class ReportOutput(serializers.Serializer[Any]):
    name = serializers.CharField(read_only=True)
    title = serializers.CharField(read_only=True)
    series = SeriesOutput(many=True, read_only=True)
    has_export = serializers.BooleanField(read_only=True)


class PeriodOutput(serializers.Serializer[Any]):
    date = serializers.DateField(read_only=True, help_text="The first day of the period.")
    values = serializers.DictField(
        child=serializers.FloatField(), read_only=True, help_text="Numbers by the name of the series."
    )


class DashboardOutput(ReportOutput):
    period = serializers.ChoiceField(choices=Period.choices, read_only=True)
    totals = serializers.DictField(child=serializers.FloatField(), read_only=True)
    rows = PeriodOutput(many=True, read_only=True)
