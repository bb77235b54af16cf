"""Page of the unsubscribe links."""

from http import HTTPStatus
from typing import Any

from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from rest_framework.permissions import AllowAny
from rest_framework.renderers import TemplateHTMLRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.core.api.client_ip import client_network
from apps.core.api.throttling import RateThrottle
from apps.notifications.services import unsubscribe
from apps.notifications.unsubscribe import Subscription, subscription_of


class UnsubscribeThrottle(RateThrottle):
    """Limit by account for valid links: mail providers send requests of many users from few IP addresses."""

    scope = "unsubscribe"

    def get_client(self, request: Request, view: APIView) -> str:
        subscription = _subscription_of(request)
        return subscription.user_id if subscription else client_network(request)


@method_decorator(never_cache, name="dispatch")
class UnsubscribeView(APIView):
    """Page with a button; only POST unsubscribes, since mail scanners open links."""

    # The token authorizes; mail providers send no cookie.
    authentication_classes = ()
    permission_classes = (AllowAny,)
    throttle_classes = (UnsubscribeThrottle,)
    renderer_classes = (TemplateHTMLRenderer,)
    # Not part of the API.
    schema = None

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:  # noqa: FBT001, FBT002 - DRF's signature
        """Return the page for any `Accept` header."""
        return super().perform_content_negotiation(request, force=True)

    def get(self, request: Request) -> Response:
        return _page(request, done=False)

    def post(self, request: Request) -> Response:
        if subscription := _subscription_of(request):
            unsubscribe(subscription)
        return _page(request, done=True)


def _page(request: Request, *, done: bool) -> Response:
    subscription = _subscription_of(request)
    status = HTTPStatus.OK if subscription else HTTPStatus.BAD_REQUEST
    context = {"subscription": subscription, "done": done}
    return Response(context, status=status, template_name="notifications/unsubscribe.html")


def _subscription_of(request: Request) -> Subscription | None:
    return subscription_of(request.query_params.get("token", ""))
