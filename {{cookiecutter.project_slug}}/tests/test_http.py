"""Response headers: security, caching, compression and CORS."""

import pytest
from django.test import Client as DjangoClient
from django.urls import reverse
from pytest_django import Settings

from conftest import Client

pytestmark = pytest.mark.django_db

PAGES = ["v1:users:me", "schema", "docs", "redoc", "admin:login", "health-live"]
# Health checks respond before the middleware that adds security headers.
BROWSER_PAGES = PAGES[:-1]


@pytest.mark.parametrize("route", BROWSER_PAGES)
def test_pages_have_security_headers(client: DjangoClient, route: str) -> None:
    response = client.get(reverse(route))
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["X-Frame-Options"] == "DENY"
    assert response["Referrer-Policy"] == "same-origin"
    assert response["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "camera=()" in response["Permissions-Policy"].split(", ")
    assert "Server" not in response


@pytest.mark.parametrize("route", BROWSER_PAGES)
def test_content_security_policy_allows_own_origin_only(
    client: DjangoClient, settings: Settings, route: str
) -> None:
    header = client.get(reverse(route))["Content-Security-Policy"]
    policy = dict(part.strip().split(" ", 1) for part in header.split(";"))
    # The theme of the admin may replace some.
    replaced = settings.ADMIN_CSP if route.startswith("admin:") else {}
    for expected, names in (
        ("'self'", {"default-src", "script-src", "connect-src"}),
        ("'none'", {"frame-ancestors", "object-src", "base-uri"}),
    ):
        assert {policy[name] for name in names - replaced.keys()} == {expected}
    assert "http" not in " ".join(policy.values())


def test_responses_are_private_and_revalidated(user_api: Client) -> None:
    response = user_api.get(reverse("v1:users:me"))
    assert set(response["Cache-Control"].split(", ")) == {"private", "no-cache"}
    assert "Authorization" in response["Vary"]
    again = user_api.get(reverse("v1:users:me"), HTTP_IF_NONE_MATCH=response["ETag"])
    assert again["Cache-Control"] == response["Cache-Control"]
    assert "Authorization" in again["Vary"]


def test_export_is_not_cached(user_api: Client) -> None:
    response = user_api.get(reverse("v1:users:export"))
    assert response["Cache-Control"] == "no-store"
    assert "ETag" not in response


def preflight(client: DjangoClient, origin: str, path: str) -> dict[str, str]:
    headers = {
        "origin": origin,
        "access-control-request-method": "PATCH",
        "access-control-request-headers": "authorization, content-type",
    }
    return dict(client.options(path, headers=headers).items())


def test_cors_allows_the_web_application(client: DjangoClient, settings: Settings) -> None:
    answer = preflight(client, settings.FRONTEND_URL, reverse("v1:users:me"))
    assert answer["access-control-allow-origin"] == settings.FRONTEND_URL
    assert "PATCH" in answer["access-control-allow-methods"]
    assert "authorization" in answer["access-control-allow-headers"]
    # Tokens are sent in a header, never in a cookie.
    assert "access-control-allow-credentials" not in answer


@pytest.mark.parametrize(
    ("origin", "route"),
    [
        ("https://evil.example", "v1:users:me"),
        ("https://app.example.com.evil.example", "v1:users:me"),
        ("http://app.example.com", "v1:users:me"),
        ("null", "v1:users:me"),
        ("https://app.example.com", "admin:login"),
    ],
)
def test_cors_rejects_other_origins_and_the_admin(client: DjangoClient, origin: str, route: str) -> None:
    assert "access-control-allow-origin" not in preflight(client, origin, reverse(route))
