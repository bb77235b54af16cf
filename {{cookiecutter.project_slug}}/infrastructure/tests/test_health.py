import pytest
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries, Settings

from conftest import Client
from infrastructure.monitoring.health import CHECKS


@pytest.fixture(autouse=True)
def _components_of_the_core(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove the checks that other apps add."""
    own = ("database", "cache", "migrations")
    monkeypatch.setattr("infrastructure.monitoring.health.CHECKS", {name: CHECKS[name] for name in own})


def test_liveness_accepts_any_host_without_queries(
    api: Client, db: None, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(0):
        response = api.get(reverse("health-live"), HTTP_HOST="10.0.0.7")
    assert (response.status_code, response.json()) == (200, {"status": "ok"})


def test_readiness_returns_200_when_components_work(api: Client, db: None) -> None:
    response = api.get(reverse("health-ready"), HTTP_HOST="10.0.0.7")
    assert response.status_code == 200, response.content
    assert response.json() == {
        "status": "ok",
        "components": {"database": "ok", "cache": "ok", "migrations": "ok"},
    }


def test_readiness_returns_503_when_migrations_are_missing(
    api: Client, db: None, caplog: pytest.LogCaptureFixture
) -> None:
    MigrationRecorder(connection).record_unapplied("users", "0002_user_language_timezone")
    response = api.get(reverse("health-ready"))
    assert (response.status_code, response.json()["status"]) == (503, "unavailable")
    assert response.json()["components"] == {"database": "ok", "cache": "ok", "migrations": "unavailable"}
    assert "Migrations are not applied." in caplog.text


def test_readiness_returns_503_when_cache_fails(api: Client, db: None, settings: Settings) -> None:
    settings.CACHES |= {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}
    response = api.get(reverse("health-ready"))
    assert response.status_code == 503
    assert response.json()["components"] == {"database": "ok", "cache": "unavailable", "migrations": "ok"}
