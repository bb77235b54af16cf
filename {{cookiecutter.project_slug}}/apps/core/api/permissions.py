"""Shared permissions. https://www.django-rest-framework.org/api-guide/permissions/"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rest_framework.permissions import SAFE_METHODS, BasePermission, IsAdminUser

if TYPE_CHECKING:
    from rest_framework.request import Request
    from rest_framework.views import APIView


class IsOwner(BasePermission):
    """Access for the owner of an object. The view sets the field in `owner_field` (default `owner`)."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return request.user.is_authenticated

    def has_object_permission(self, request: Request, view: APIView, obj: Any) -> bool:
        owner_id = getattr(obj, f"{getattr(view, 'owner_field', 'owner')}_id")
        return owner_id is not None and owner_id == request.user.pk


class IsOwnerOrReadOnly(IsOwner):
    """Read access for authenticated users, write access for the owner."""

    def has_object_permission(self, request: Request, view: APIView, obj: Any) -> bool:
        return request.method in SAFE_METHODS or super().has_object_permission(request, view, obj)


class IsAdminOrReadOnly(BasePermission):
    """Read access for authenticated users, write access for staff."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        if not request.user.is_authenticated:
            return False
        return request.method in SAFE_METHODS or request.user.is_staff


class IsAdminOrPublicReadOnly(BasePermission):
    """Read access for all clients, write access for staff."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return request.method in SAFE_METHODS or request.user.is_staff


class IsStaffWithPermission(IsAdminUser):
    """Access for staff with the view's `required_permission`, such as `users.view_user`."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return super().has_permission(request, view) and request.user.has_perm(view.required_permission)  # type: ignore[attr-defined]


class HasRole(BasePermission):
    """Access for members of any of the view's `required_roles` (group names), and for superusers."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        if not request.user.is_authenticated:
            return False
        return request.user.is_superuser or request.user.has_role(*view.required_roles)  # type: ignore[attr-defined]
