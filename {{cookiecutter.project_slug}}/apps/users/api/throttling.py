from rest_framework.request import Request
from rest_framework.views import APIView

from apps.core.api.throttling import RateThrottle
from apps.users.canonical import email_digest


class EmailThrottle(RateThrottle):
    """Per-email rate limit, against attacks on one account or mailbox from many IP addresses."""

    scope = "auth"

    def get_client(self, request: Request, view: APIView) -> str | None:
        email = request.data.get("email") if isinstance(request.data, dict) else None
        if not isinstance(email, str):
            return None
        return f"{type(view).__name__}:{email_digest(email, salt='apps.users.throttle')}"
