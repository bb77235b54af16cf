"""Page of the unsubscribe links."""

from http import HTTPStatus
from math import ceil

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from apps.core.api.client_ip import client_network
from apps.core.api.throttling import count
from apps.notifications.services import unsubscribe
from apps.notifications.unsubscribe import subscription_of
from infrastructure.http.problems import problem_response


@never_cache
@csrf_exempt  # The token authorizes; mail providers send no cookie.
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe_view(request: HttpRequest) -> HttpResponse:
    """Show a button; only POST unsubscribes, since mail scanners open links. The account need not exist."""
    subscription = subscription_of(request.GET.get("token", ""))
    # Mail providers send the requests of many users from few IP addresses.
    client = subscription.user_id if subscription else client_network(request)
    if wait := count("unsubscribe", client):
        status = HTTPStatus.TOO_MANY_REQUESTS
        response: HttpResponse = problem_response(request, status, "throttled", _("Too many requests."))
        response["Retry-After"] = str(ceil(wait))
        return response
    if done := subscription is not None and request.method == "POST":
        unsubscribe(subscription)
    context = {"subscription": subscription, "done": done}
    status = HTTPStatus.OK if subscription else HTTPStatus.BAD_REQUEST
    return render(request, "notifications/unsubscribe.html", context, status=status)
