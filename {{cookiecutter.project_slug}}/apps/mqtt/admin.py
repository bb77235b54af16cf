from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from apps.core.admin import ReadOnlyAdmin
from apps.core.exceptions import UnavailableError
from apps.mqtt.models import Command, Device, Message
from apps.mqtt.services.devices import devices_revoke
from apps.mqtt.services.messages import message_retry
from infrastructure.http.problems import UNAVAILABLE_DETAIL


@admin.register(Device)
class DeviceAdmin(ReadOnlyAdmin):
    """Admin to search, revoke and delete devices. It shows no passwords."""

    list_display = ("name", "owner", "is_active", "last_seen_at", "created_at")
    list_filter = ("is_active", "last_seen_at", "created_at")
    list_select_related = ("owner",)
    search_fields = ("id", "name", "owner__email")
    date_hierarchy = "created_at"
    fields = ("id", "owner", "name", "is_active", "last_seen_at", "created_at", "updated_at")
    export_fields = ("id", "owner_id", "name", "is_active", "last_seen_at", "created_at")
    actions = ("export_csv", "revoke")

    @admin.action(description=_("Revoke selected devices"), permissions=["delete"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[Device]) -> None:
        count = devices_revoke(devices=queryset)
        self.message_user(request, _("%(count)d devices were revoked.") % {"count": count})


@admin.register(Message)
class MessageAdmin(ReadOnlyAdmin):
    list_display = ("id", "device", "kind", "path", "error", "created_at")
    list_filter = ("kind", ("error", admin.EmptyFieldListFilter), "created_at")
    list_select_related = ("device",)
    search_fields = ("device__id", "device__name", "device__owner__email", "key")
    date_hierarchy = "created_at"
    export_fields = ("id", "device_id", "key", "kind", "path", "error", "created_at")
    actions = ("export_csv", "retry")

    @admin.action(description=_("Process failed messages again"), permissions=["delete"])
    def retry(self, request: HttpRequest, queryset: QuerySet[Message]) -> None:
        count = 0
        try:
            for message in queryset.exclude(error=""):
                count += message_retry(message=message)
        except UnavailableError:
            self.message_user(request, UNAVAILABLE_DETAIL, messages.ERROR)
        self.message_user(request, _("%(count)d messages were processed.") % {"count": count})


@admin.register(Command)
class CommandAdmin(ReadOnlyAdmin):
    list_display = ("name", "device", "created_at", "published_at", "acknowledged_at")
    list_filter = (
        ("published_at", admin.EmptyFieldListFilter),
        ("acknowledged_at", admin.EmptyFieldListFilter),
    )
    list_select_related = ("device",)
    search_fields = ("device__id", "device__name", "device__owner__email", "name")
    date_hierarchy = "created_at"
    export_fields = ("id", "device_id", "name", "created_at", "published_at", "acknowledged_at")
