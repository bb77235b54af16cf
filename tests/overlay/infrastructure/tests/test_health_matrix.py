"""Health endpoints: proxies, and probes of some components."""

import pytest
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries, Settings

from conftest import Client
from infrastructure.monitoring.health import CHECKS


@pytest.fixture(autouse=True)
def _components_of_the_core(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove the checks that other apps add."""
    own = ("database", "cache", "migrations")
    monkeypatch.setattr("infrastructure.monitoring.health.CHECKS", {name: CHECKS[name] for name in own})


@pytest.mark.parametrize("path", ["/health/ready/", "/health/ready/?only=database"])
def test_readiness_returns_404_through_proxy(
    api: Client, django_assert_num_queries: DjangoAssertNumQueries, db: None, path: str
) -> None:
    with django_assert_num_queries(0):
        response = api.get(path, HTTP_X_FORWARDED_FOR="192.0.2.1")
    assert (response.status_code, response["Content-Type"]) == (404, "application/problem+json")


def test_liveness_works_through_proxy(api: Client) -> None:
    assert api.get(reverse("health-live"), HTTP_X_FORWARDED_FOR="192.0.2.1").status_code == 200


def test_health_returns_404_for_unknown_probe(api: Client, db: None) -> None:
    assert api.get("/health/nothing/").status_code == 404


def test_readiness_checks_only_requested_components(
    api: Client, db: None, settings: Settings, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    settings.CACHES |= {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}
    with django_assert_max_num_queries(3):
        response = api.get(reverse("health-ready"), {"only": "migrations,database" + ",database" * 100})
    assert response.status_code == 200
    assert response.json()["components"] == {"database": "ok", "migrations": "ok"}


@pytest.mark.parametrize("only", ["", "databases", "database,caches", "database,"])
def test_readiness_checks_all_components_for_unknown_name(api: Client, db: None, only: str) -> None:
    response = api.get(reverse("health-ready"), {"only": only})
    assert response.json()["components"].keys() == {"database", "cache", "migrations"}


@pytest.mark.usefixtures("_redis_down")
def test_readiness_returns_503_when_redis_is_down(api: Client, db: None) -> None:
    response = api.get(reverse("health-ready"))
    assert response.status_code == 503
    assert response.json()["components"] == {"database": "ok", "cache": "unavailable", "migrations": "ok"}
