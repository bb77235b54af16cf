from rest_framework.request import Request

from apps.users.models import User


class UserRequest(Request):
    """For annotations: a request that passed a permission which lets only users pass."""

    user: User
