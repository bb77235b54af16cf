from django.contrib import admin

from apps.core.admin import CSVAdmin
from tests.sampleapp.models import Measurement


@admin.register(Measurement)
class MeasurementAdmin(CSVAdmin):
    list_display = ("label", "created_at")
    search_fields = ("label",)
    list_select_related = ("owner",)
    autocomplete_fields = ("owner",)
    export_fields = ("id", "label", "value", "is_valid", "day", "measured_at", "owner_id", "created_at")
