from django.contrib import admin

from apps.core.admin import ReadOnlyAdmin
from apps.notifications.models import Notification, Preference


@admin.register(Notification)
class NotificationAdmin(ReadOnlyAdmin):
    list_select_related = ("user",)
    list_display = ("title", "user", "kind", "created_at", "read_at")
    list_filter = ("kind", ("read_at", admin.EmptyFieldListFilter), "created_at")
    search_fields = ("title", "user__email")
    date_hierarchy = "created_at"
    export_fields = ("id", "user_id", "kind", "title", "created_at", "read_at")


@admin.register(Preference)
class PreferenceAdmin(ReadOnlyAdmin):
    list_select_related = ("user",)
    list_display = ("user", "kind", "channel", "wanted", "updated_at")
    list_filter = ("kind", "channel", "wanted")
    search_fields = ("user__email",)
    export_fields = ("id", "user_id", "kind", "channel", "wanted", "updated_at")
