"""ETags of compressed responses, and CORS for other origins."""

import gzip

import pytest
from django.test import Client as DjangoClient
from django.urls import reverse
from pytest_django import Settings

from apps.users.tests.factories import UserFactory
from conftest import Client

pytestmark = pytest.mark.django_db


def test_etag_differs_between_users(user_api: Client) -> None:
    etag = user_api.get(reverse("v1:users:me"))["ETag"]
    other = Client()
    other.login_by_token(UserFactory.create())
    assert other.get(reverse("v1:users:me"), HTTP_IF_NONE_MATCH=etag).status_code == 200


def test_etag_match_of_compressed_api_response_responds_with_304(user_api: Client) -> None:
    url = reverse("v1:users:me")
    user_api.patch(url, {"first_name": "a" * 150, "last_name": "a" * 150})
    first = user_api.get(url, HTTP_ACCEPT_ENCODING="gzip")
    assert first["Content-Encoding"] == "gzip"
    # A weak ETag, because the bytes differ by encoding.
    assert first["ETag"].startswith("W/")
    for encoding in ("gzip", "identity"):
        again = user_api.get(url, HTTP_ACCEPT_ENCODING=encoding, HTTP_IF_NONE_MATCH=first["ETag"])
        assert again.status_code == 304


def test_etag_match_of_compressed_schema_responds_with_304(client: DjangoClient) -> None:
    headers = {"accept-encoding": "gzip"}
    first = client.get(reverse("schema"), headers=headers)
    assert first["Content-Encoding"] == "gzip"
    second = client.get(reverse("schema"), headers=headers | {"if-none-match": first["ETag"]})
    assert second.status_code == 304


def test_cors_exposes_response_headers(client: DjangoClient, settings: Settings) -> None:
    response = client.get(reverse("v1:users:me"), headers={"origin": settings.FRONTEND_URL})
    exposed = {name.strip() for name in response["Access-Control-Expose-Headers"].split(",")}
    assert {"X-Request-ID", "Retry-After", "ETag", "Content-Disposition"} <= exposed


@pytest.mark.parametrize("header", ["x-request-id", "if-match", "if-none-match", "content-type"])
def test_cors_preflight_allows_request_headers(client: DjangoClient, settings: Settings, header: str) -> None:
    headers = {
        "origin": settings.FRONTEND_URL,
        "access-control-request-method": "GET",
        "access-control-request-headers": header,
    }
    answer = client.options(reverse("v1:users:me"), headers=headers)
    assert header in answer["access-control-allow-headers"].split(", ")


def test_redirect_rejects_other_methods(client: DjangoClient) -> None:
    response = client.trace("/")
    assert (response.status_code, response["Content-Type"]) == (405, "application/problem+json")
    assert response.json()["type"] == "urn:problem:method_not_allowed"
    assert response.json()["detail"] == 'Method "TRACE" not allowed.'
    assert "GET" in response["Allow"]


@pytest.mark.parametrize("route", ["docs", "redoc"])
def test_documentation_page_rejects_options(client: DjangoClient, route: str) -> None:
    response = client.options(reverse(route))
    assert (response.status_code, response["Content-Type"]) == (405, "application/problem+json")


def test_root_lists_routes_in_every_environment(client: DjangoClient) -> None:
    routes = client.get(reverse("v1:root")).json()
    assert routes["users:me"] == f"http://testserver{reverse('v1:users:me')}"


def test_etag_match_responds_with_304(user_api: Client) -> None:
    url = reverse("v1:users:me")
    first = user_api.get(url)
    second = user_api.get(url, HTTP_IF_NONE_MATCH=first["ETag"])
    assert (first.status_code, second.status_code, second.content) == (200, 304, b"")
    user_api.patch(url, {"first_name": "Changed"})
    third = user_api.get(url, HTTP_IF_NONE_MATCH=first["ETag"])
    assert third.status_code == 200
    assert third["ETag"] != first["ETag"]


def test_long_responses_are_compressed_if_accepted(client: DjangoClient) -> None:
    url = reverse("schema")
    plain, packed = client.get(url), client.get(url, headers={"accept-encoding": "gzip"})
    assert "Content-Encoding" not in plain
    assert packed["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.content) == plain.content
    assert "Accept-Encoding" in packed["Vary"]
