"""IP addresses of clients with all kinds of headers."""

import pytest
from pytest_django import Settings

from apps.core.tests.test_client_ip import client_ips


@pytest.mark.parametrize(
    ("proxies", "header", "expected"),
    [
        (0, None, "192.0.2.1"),
        (1, "", "192.0.2.1"),
        (1, " , ", "192.0.2.1"),
        (1, "203.0.113.7", "203.0.113.7"),
        (1, "198.51.100.1 ,203.0.113.7 ", "203.0.113.7"),
        (1, "2001:db8::7", "2001:db8::7"),
        (2, "203.0.113.7, 10.0.0.1", "203.0.113.7"),
        (2, "2001:db8::7,2001:db8::1", "2001:db8::7"),
        (2, "203.0.113.7", "192.0.2.1"),
        (1, "[2001:db8::7]", "2001:db8::7"),
        (1, "_hidden:secret", "192.0.2.1"),
    ],
)
def test_client_ip_is_found_with_any_header(
    settings: Settings, proxies: int, header: str | None, expected: str
) -> None:
    settings.NUM_PROXIES = proxies
    assert client_ips(header) == {expected}
