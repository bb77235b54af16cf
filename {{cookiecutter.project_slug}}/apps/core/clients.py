"""Who sends a request."""

from django.conf import settings
from django.http import HttpRequest
from rest_framework.request import Request


def client_ip(request: HttpRequest | Request) -> str:
    """The address of the client, which nobody can forge.

    Each of the `NUM_PROXIES` proxies in front appends the address it was called from, so only that many
    entries from the end of the header can be believed; what a client puts before them is ignored.

    Source: https://developer.mozilla.org/docs/Web/HTTP/Reference/Headers/X-Forwarded-For
    """
    remote: str = request.META.get("REMOTE_ADDR", "")
    hops = [hop.strip() for hop in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if hop.strip()]
    if settings.NUM_PROXIES == 0 or len(hops) < settings.NUM_PROXIES:
        return remote
    client: str = hops[-settings.NUM_PROXIES]
    return client
