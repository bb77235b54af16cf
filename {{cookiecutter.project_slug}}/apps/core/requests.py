from __future__ import annotations

from typing import TYPE_CHECKING

from rest_framework.request import Request

if TYPE_CHECKING:
    from apps.users.models import User


class UserRequest(Request):
    """For annotations: a request that passed a permission which lets only users pass."""

    user: User
