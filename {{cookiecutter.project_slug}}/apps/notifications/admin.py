from django.contrib import admin

from apps.core.admin import ReadOnlyAdmin
from apps.notifications.models import DeferredNotification, Digest, Notification, Preference, Schedule


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


@admin.register(Schedule)
class ScheduleAdmin(ReadOnlyAdmin):
    list_select_related = ("user",)
    list_display = ("user", "digest", "quiet_from", "quiet_until", "updated_at")
    list_filter = ("digest", ("quiet_from", admin.EmptyFieldListFilter))
    search_fields = ("user__email",)
    export_fields = ("id", "user_id", "digest", "quiet_from", "quiet_until", "updated_at")


@admin.register(Digest)
class DigestAdmin(ReadOnlyAdmin):
    list_select_related = ("user",)
    list_display = ("id", "user", "channel", "created_at")
    list_filter = ("channel", "created_at")
    search_fields = ("user__email",)
    date_hierarchy = "created_at"
    export_fields = ("id", "user_id", "channel", "created_at")


@admin.register(DeferredNotification)
class DeferredNotificationAdmin(ReadOnlyAdmin):
    list_select_related = ("user",)
    list_display = ("title", "user", "kind", "channel", "created_at", "due_at", "digest_id")
    list_filter = ("channel", "kind", ("digest", admin.EmptyFieldListFilter), "due_at")
    search_fields = ("title", "user__email")
    export_fields = ("id", "user_id", "kind", "channel", "created_at", "due_at", "digest_id")
