from rest_framework.request import Request

from apps.users.models import User
from apps.users.tokens import AccessToken


class UserRequest(Request):
    """Type annotation for the request of an authenticated user."""

    user: User
    auth: AccessToken | None
