from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from infrastructure.durable_tasks.models import DeadLetter, Lease, Schedule
from infrastructure.durable_tasks.services.deadletters import deadletter_replay


class ReadOnlyAdmin(admin.ModelAdmin):
    """Model admin without add and change; rows can be viewed and deleted."""

    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(DeadLetter)
class DeadLetterAdmin(ReadOnlyAdmin):
    """Admin of dead letters; their arguments are hidden."""

    list_display = ("task", "reason", "error", "retries", "created_at", "replayed_at")
    list_filter = ("reason", "task", "queue", "created_at", ("replayed_at", admin.EmptyFieldListFilter))
    search_fields = ("task_id", "task", "error", "request_id")
    date_hierarchy = "created_at"
    actions = ("replay",)
    exclude = ("call",)

    def dashboard_numbers(self) -> dict[Any, dict[str, Any]]:
        return {_("Failed tasks"): {"replayed_at__isnull": True}}

    def has_replay_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("durable_tasks.replay_deadletter")

    @admin.action(description=_("Replay selected tasks"), permissions=["replay"])
    def replay(self, request: HttpRequest, queryset: QuerySet[DeadLetter]) -> None:
        from kombu.exceptions import OperationalError  # noqa: PLC0415 - part of Celery

        queued = unreadable = 0
        try:
            for deadletter in queryset.order_by("created_at"):
                try:
                    queued += deadletter_replay(deadletter=deadletter)
                except LookupError:
                    unreadable += 1
        except OperationalError:
            self.message_user(
                request, _("The broker is unavailable. Please try again later."), messages.ERROR
            )
        text = _("Tasks replayed: %(count)d.") % {"count": queued}
        self.message_user(request, text, messages.SUCCESS if queued else messages.WARNING)
        if unreadable:
            text = _("Unreadable or unknown tasks: %(count)d.") % {"count": unreadable}
            self.message_user(request, text, messages.ERROR)


@admin.register(Schedule)
class ScheduleAdmin(admin.ModelAdmin):
    """Admin of schedules, which are defined in code and can only be viewed and disabled."""

    list_display = ("name", "task", "expression", "is_enabled", "last_run_at", "runs")
    list_editable = ("is_enabled",)
    show_full_result_count = False
    list_filter = ("is_enabled", "task")
    search_fields = ("name", "task")
    readonly_fields = ("name", "task", "expression", "last_run_at", "runs")

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if not Schedule.objects.exists():
            text = _("The schedules appear here after beat has started for the first time.")
            self.message_user(request, text, messages.WARNING)
        return super().changelist_view(request, extra_context)

    def save_model(self, request: HttpRequest, obj: Schedule, form: forms.ModelForm, change: bool) -> None:  # noqa: FBT001 - Django's signature
        # Beat changes the other fields concurrently.
        obj.save(update_fields=["is_enabled"])

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Lease)
class LeaseAdmin(ReadOnlyAdmin):
    """Admin of leases; after a deletion another process can acquire the lease immediately."""

    list_display = ("name", "holder", "expires_at")
    list_filter = ("name",)
    search_fields = ("name", "holder")
