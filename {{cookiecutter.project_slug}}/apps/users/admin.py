from contextlib import suppress
from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.admin.models import LogEntry
from django.contrib.auth import user_login_failed
from django.contrib.auth.admin import GroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import AdminUserCreationForm
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet, prefetch_related_objects
from django.forms.models import BaseInlineFormSet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.core.admin import CSVExportMixin, ReadOnlyAdmin
from apps.users.canonical import canonical_email
from apps.users.models import RefreshSession, User
from apps.users.services import accounts, sessions

LOCALE = ("language", "timezone")
SESSIONS_SHOWN = 20
PRIVILEGES = ("is_staff", "is_superuser", "groups", "user_permissions")


class LoginForm(AdminAuthenticationForm):
    """Admin login form that counts the correct password of a non-staff user as a failed login."""

    def confirm_login_allowed(self, user: User) -> None:
        try:
            super().confirm_login_allowed(user)
        except ValidationError:
            credentials = {"username": user.email}
            user_login_failed.send(sender=__name__, credentials=credentials, request=self.request)
            raise


admin.site.login_form = LoginForm


class UserCreationForm(AdminUserCreationForm):
    class Meta:
        model = User
        fields = ("email",)
        field_classes: dict[str, type[forms.Field]] = {}


class RefreshSessionFormSet(BaseInlineFormSet):
    def get_queryset(self) -> QuerySet[RefreshSession]:
        """Limit the rows: Django rejects forms with more than 1000 fields."""
        return super().get_queryset()[:SESSIONS_SHOWN]


class RefreshSessionInline(admin.TabularInline):
    """The newest sessions of a user."""

    model = RefreshSession
    formset = RefreshSessionFormSet
    fields = readonly_fields = ("device", "created_at", "last_used_at", "expires_at", "revoked_at")
    show_change_link = True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    has_change_permission = has_delete_permission = has_add_permission


@admin.register(User)
class UserAdmin(CSVExportMixin, DjangoUserAdmin):
    add_form = UserCreationForm
    list_display = ("email", "first_name", "last_name", "is_active", "is_staff", "is_verified", "created_at")
    list_filter = ("is_active", "is_staff", "is_superuser", "groups")
    search_fields = ("email", "first_name", "last_name")
    ordering = ("-created_at", "-id")
    date_hierarchy = "created_at"
    readonly_fields = ("id", "last_login", "created_at", "updated_at", "deleted_at")
    actions = ("export_csv", "activate", "deactivate", "end_sessions")
    export_fields = ("id", "email", "first_name", "last_name", *LOCALE, "is_active", "is_staff", "created_at")
    fieldsets = (
        (None, {"fields": ("id", "email", "password")}),
        (_("Profile"), {"fields": ("first_name", "last_name", *LOCALE)}),
        (_("Access"), {"fields": ("is_active", "email_verified_at", *PRIVILEGES)}),
        (_("Dates"), {"fields": ("last_login", "created_at", "updated_at", "deleted_at")}),
    )
    add_fieldsets = ((None, {"fields": ("email", "usable_password", "password1", "password2")}),)
    inlines = (RefreshSessionInline,)

    def dashboard_numbers(self) -> dict[Any, dict[str, Any]]:
        return {_("New users this week"): {"created_at__gte": timezone.now() - timedelta(days=7)}}

    def get_inlines(self, request: HttpRequest, obj: User | None) -> Any:
        return super().get_inlines(request, obj) if obj else ()

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> User | None:
        user: User | None = super().get_object(request, object_id, from_field)
        if user:
            # Avoids one query per permission where the field is read-only.
            prefetch_related_objects([user], "user_permissions__content_type")
        return user

    def get_search_results(self, request: HttpRequest, queryset: QuerySet[User], search_term: str) -> Any:
        with suppress(ValidationError):
            search_term = canonical_email(search_term)
        return super().get_search_results(request, queryset, search_term)

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        """Make privilege fields read-only for non-superusers, to prevent privilege escalation."""
        fields = tuple(super().get_readonly_fields(request, obj))
        return fields if request.user.is_superuser else (*fields, *PRIVILEGES)

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_change_permission(request, obj) and self._may_touch(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_delete_permission(request, obj) and self._may_touch(request, obj)

    def save_model(self, request: HttpRequest, obj: User, form: forms.ModelForm, change: bool) -> None:  # noqa: FBT001 - Django's signature
        if not change:
            # An unverified user cannot log in.
            obj.email_verified_at = timezone.now()
        super().save_model(request, obj, form, change)
        if change and "is_active" in form.changed_data and not obj.is_active:
            accounts.user_deactivate(user=obj)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Ignore rows that prevent the deletion of a row: that of the user is kept, see `user_delete`."""
        deleted, counts, lacking, _protected = super().get_deleted_objects(objs, request)
        return deleted, counts, lacking - {LogEntry._meta.verbose_name}, []  # noqa: SLF001 - Django's documented Options API

    def delete_model(self, request: HttpRequest, obj: User) -> None:
        accounts.user_delete(user=obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        for user in self._touchable(request, queryset):
            accounts.user_delete(user=user)

    @admin.display(boolean=True, description=_("verified"), ordering="email_verified_at")
    def is_verified(self, user: User) -> bool:
        return user.is_verified

    @admin.action(description=_("Activate selected users"), permissions=["change"])
    def activate(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        self._touchable(request, queryset).filter(deleted_at=None).update(is_active=True)

    @admin.action(description=_("Deactivate selected users"), permissions=["change"])
    def deactivate(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        for user in self._touchable(request, queryset):
            accounts.user_deactivate(user=user)

    @admin.action(description=_("Log out selected users everywhere"), permissions=["change"])
    def end_sessions(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        for user in self._touchable(request, queryset):
            sessions.session_end_all(user=user)

    def _may_touch(self, request: HttpRequest, user: User | None) -> bool:
        return user is None or self._touchable(request, User.objects.filter(pk=user.pk)).exists()

    @staticmethod
    def _touchable(request: HttpRequest, queryset: QuerySet[User]) -> QuerySet[User]:
        """Exclude other staff and superusers for non-superusers, to prevent account takeover."""
        if request.user.is_superuser:
            return queryset
        return queryset.filter(Q(is_staff=False, is_superuser=False) | Q(pk=request.user.pk))


admin.site.unregister(Group)


@admin.register(Group)
class RoleAdmin(GroupAdmin):
    """Group admin that restricts changes to superusers, because groups grant permissions."""

    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.is_superuser

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.is_superuser

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.is_superuser


@admin.register(RefreshSession)
class RefreshSessionAdmin(ReadOnlyAdmin):
    """Read-only session admin; deleting a session invalidates its refresh tokens."""

    list_display = ("id", "user", "device", "created_at", "last_used_at", "expires_at", "revoked_at")
    list_filter = ("created_at", "last_used_at", "expires_at", "revoked_at")
    list_select_related = ("user",)
    search_fields = ("user__email",)
    export_fields = ("id", "user_id", "device", "created_at", "last_used_at", "expires_at", "revoked_at")

    def dashboard_numbers(self) -> dict[Any, dict[str, Any]]:
        return {_("Active sessions"): {"revoked_at__isnull": True, "expires_at__gt": timezone.now()}}
