import pytest
from django.test import RequestFactory
from pytest_django import Settings
from rest_framework.request import Request

from apps.core.api.client_ip import client_ip


def client_ips(header: str | None) -> set[str]:
    """Return what is found for a request of Django and for one of Django REST Framework."""
    request = RequestFactory().get("/", REMOTE_ADDR="192.0.2.1")
    if header is not None:
        request.META["HTTP_X_FORWARDED_FOR"] = header
    return {client_ip(request), client_ip(Request(request))}


@pytest.mark.parametrize(
    ("proxies", "header", "expected"),
    [
        (0, "203.0.113.7", "192.0.2.1"),
        (1, None, "192.0.2.1"),
        (1, "198.51.100.1, 203.0.113.7", "203.0.113.7"),
        (2, "198.51.100.1, 203.0.113.7, 10.0.0.1", "203.0.113.7"),
        (1, "[2001:db8::7]:4711", "2001:db8::7"),
        (1, "203.0.113.7:4711", "203.0.113.7"),
        (1, "unknown", "192.0.2.1"),
    ],
)
def test_client_ip_is_found_behind_proxies_and_cannot_be_spoofed(
    settings: Settings, proxies: int, header: str | None, expected: str
) -> None:
    settings.NUM_PROXIES = proxies
    assert client_ips(header) == {expected}
