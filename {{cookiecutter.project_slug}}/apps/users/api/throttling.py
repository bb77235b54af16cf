from django.utils.crypto import salted_hmac
from rest_framework.request import Request
from rest_framework.views import APIView

from apps.core.throttling import RateThrottle
from apps.users.models import User


class EmailThrottle(RateThrottle):
    """Counts by the address in the body, so that many clients cannot try one account or flood one mailbox."""

    scope = "auth"

    def get_client(self, request: Request, view: APIView) -> str | None:
        email = request.data.get("email") if isinstance(request.data, dict) else None
        if not isinstance(email, str):
            return None
        # Before anything has looked at it: it may hold what cannot be encoded.
        address = User.objects.normalize_email(email).encode(errors="replace")
        digest = salted_hmac("apps.users.throttle", address, algorithm="sha256").hexdigest()
        return f"{type(view).__name__}:{digest}"
