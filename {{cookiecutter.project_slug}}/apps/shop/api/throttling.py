from rest_framework.request import Request
from rest_framework.views import APIView

from apps.core.api.client_ip import client_network
from apps.core.api.throttling import AnonThrottle, RateThrottle, UserThrottle


class CartThrottle(RateThrottle):
    """Limit of new carts of anonymous visitors, and of attempts to guess a coupon code."""

    scope = "cart"

    def get_client(self, request: Request, view: APIView) -> str | None:
        return client_network(request) if request.method in {"POST", "PUT"} else None


class CheckoutThrottle(UserThrottle):
    """Limit of checkouts and of payments that a user starts."""

    scope = "checkout"


class WebhookThrottle(AnonThrottle):
    scope = "webhook"
