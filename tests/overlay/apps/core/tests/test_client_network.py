"""Networks of clients."""

import pytest
from django.test import RequestFactory

from apps.core.api.client_ip import client_network


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("", ""),
        ("unix:", "unix:"),
    ],
)
def test_client_network_is_the_prefix_of_an_ipv6_address(address: str, expected: str) -> None:
    assert client_network(RequestFactory().get("/", REMOTE_ADDR=address)) == expected
