"""IP address and network of the client of a request."""

from ipaddress import IPv6Address, ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest
from rest_framework.request import Request

IPV6_NETWORK = 64


def client_ip(request: HttpRequest | Request) -> str:
    """Return the IP address of the client; spoofed `X-Forwarded-For` entries are ignored.

    Each of the `NUM_PROXIES` trusted proxies appends the IP address of its client, so only that many entries
    from the end of the header are trusted.

    Source: https://developer.mozilla.org/docs/Web/HTTP/Reference/Headers/X-Forwarded-For
    """
    remote: str = request.META.get("REMOTE_ADDR", "")
    hops = [hop.strip() for hop in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if hop.strip()]
    if settings.NUM_PROXIES == 0 or len(hops) < settings.NUM_PROXIES:
        return remote
    return _without_port(hops[-settings.NUM_PROXIES]) or remote


def client_network(request: HttpRequest | Request) -> str:
    """Return the rate limit key of a client: its IPv4 address, or the /64 network of its IPv6 address."""
    address = client_ip(request)
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address):
        return address
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return str(ip_network((parsed, IPV6_NETWORK), strict=False))


def lockout_address(request: HttpRequest | Request) -> str:
    """Return the network address of `client_network` for django-axes, which stores no prefix length."""
    return client_network(request).partition("/")[0]


def _without_port(hop: str) -> str:
    """Return the IP address in an entry such as `192.0.2.1:443` or `[2001:db8::1]:443`, else ""."""
    if hop.startswith("["):
        hop = hop[1:].partition("]")[0]
    elif hop.count(":") == 1:
        hop = hop.partition(":")[0]
    try:
        return str(ip_address(hop))
    except ValueError:
        return ""
