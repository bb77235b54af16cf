"""Uses of HTTP that the test of layers finds."""

from tests.test_layers import uses_of_http


def test_uses_of_http_are_found() -> None:
    source = "from django.urls import reverse\nimport rest_framework\ndef end(*, request): ..."
    assert list(uses_of_http(source)) == ["django.urls.reverse", "rest_framework", "request"]
