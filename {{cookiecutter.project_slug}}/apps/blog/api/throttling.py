from rest_framework.request import Request
from rest_framework.views import APIView

from apps.core.api.throttling import UserThrottle


class CommentThrottle(UserThrottle):
    """Limit of written comments per user; reading is not counted."""

    scope = "comment"

    def get_client(self, request: Request, view: APIView) -> str | None:
        return super().get_client(request, view) if request.method == "POST" else None
