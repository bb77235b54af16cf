from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from apps.core.admin import CSVExportMixin
from apps.notifications.models import Notification, Preference


class ReadOnlyAdmin(CSVExportMixin, admin.ModelAdmin):
    """Looked for and deleted: the application tells, and users choose."""

    list_select_related = ("user",)
    actions = ("export_csv",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Notification)
class NotificationAdmin(ReadOnlyAdmin):
    list_display = ("title", "user", "kind", "created_at", "read_at")
    list_filter = ("kind", ("read_at", admin.EmptyFieldListFilter), "created_at")
    search_fields = ("title", "user__email")
    date_hierarchy = "created_at"
    export_fields = ("id", "user_id", "kind", "title", "created_at", "read_at")


@admin.register(Preference)
class PreferenceAdmin(ReadOnlyAdmin):
    list_display = ("user", "kind", "channel", "wanted", "updated_at")
    list_filter = ("kind", "channel", "wanted")
    search_fields = ("user__email",)
    export_fields = ("id", "user_id", "kind", "channel", "wanted", "updated_at")
