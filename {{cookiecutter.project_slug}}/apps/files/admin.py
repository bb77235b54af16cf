from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from apps.core.admin import CSVExportMixin
from apps.files.models import StoredFile


@admin.register(StoredFile)
class StoredFileAdmin(CSVExportMixin, admin.ModelAdmin):
    """Files can be looked for and deleted. What is in them is their owner's: no link leads there."""

    list_display = ("name", "owner", "content_type", "size", "created_at")
    list_filter = ("content_type", "created_at")
    list_select_related = ("owner",)
    search_fields = ("name", "owner__email", "checksum")
    date_hierarchy = "created_at"
    actions = ("export_csv",)
    export_fields = ("id", "owner_id", "name", "content_type", "size", "checksum", "created_at")
    fields = (
        "id",
        "owner",
        "name",
        "content_type",
        "size",
        "checksum",
        "storage_name",
        "created_at",
        "updated_at",
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
