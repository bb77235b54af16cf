"""Content negotiation by the Accept header."""

import pytest
from django.urls import reverse

from conftest import Client

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("accept", "query", "status"),
    [
        ("*/*", "", 401),
        ("application/json", "", 401),
        ("application/problem+json", "", 401),
        ("application/*;q=0.5, text/html", "", 401),
        ("text/html", "", 406),
        ("*/*", "?format=xml", 404),
    ],
)
def test_accept_header_selects_the_renderer(api: Client, accept: str, query: str, status: int) -> None:
    response = api.get(reverse("v1:users:me") + query, HTTP_ACCEPT=accept)
    assert response.status_code == status
    assert response["Content-Type"] == "application/problem+json"
