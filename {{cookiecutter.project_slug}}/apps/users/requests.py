from rest_framework.request import Request

from apps.users.models import User
from apps.users.tokens import AccessToken


class UserRequest(Request):
    """For annotations: a request that passed a permission which lets only users pass."""

    user: User
    auth: AccessToken | None
