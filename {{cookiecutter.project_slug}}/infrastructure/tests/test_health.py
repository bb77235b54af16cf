from typing import Any

import pytest
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries, Settings

from conftest import Client
from infrastructure.monitoring import health
from infrastructure.monitoring.health import CHECKS


@pytest.fixture(autouse=True)
def _components_of_the_core(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without those that other apps add where they have a server."""
    own = ("database", "cache", "migrations")
    monkeypatch.setattr("infrastructure.monitoring.health.CHECKS", {name: CHECKS[name] for name in own})


def test_the_process_lives_whatever_the_host_and_without_a_query(
    api: Client, db: None, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(0):
        response = api.get(reverse("health-live"), HTTP_HOST="10.0.0.7")
    assert (response.status_code, response.json()) == (200, {"status": "ok"})


def test_a_process_whose_components_work_is_ready(api: Client, db: None) -> None:
    response = api.get(reverse("health-ready"), HTTP_HOST="10.0.0.7")
    assert response.status_code == 200, response.content
    assert response.json() == {
        "status": "ok",
        "components": {"database": "ok", "cache": "ok", "migrations": "ok"},
    }


@pytest.mark.parametrize("path", ["/health/ready/", "/health/ready/?only=database"])
def test_readiness_is_not_found_through_a_proxy(
    api: Client, django_assert_num_queries: DjangoAssertNumQueries, db: None, path: str
) -> None:
    with django_assert_num_queries(0):
        response = api.get(path, HTTP_X_FORWARDED_FOR="192.0.2.1")
    assert (response.status_code, response["Content-Type"]) == (404, "application/problem+json")


def test_liveness_is_found_through_a_proxy(api: Client) -> None:
    assert api.get(reverse("health-live"), HTTP_X_FORWARDED_FOR="192.0.2.1").status_code == 200


def test_an_unknown_probe_is_not_found(api: Client, db: None) -> None:
    assert api.get("/health/nothing/").status_code == 404


def test_a_process_ahead_of_its_database_is_not_ready(
    api: Client, db: None, caplog: pytest.LogCaptureFixture
) -> None:
    MigrationRecorder(connection).record_unapplied("users", "0001_initial")
    response = api.get(reverse("health-ready"))
    assert (response.status_code, response.json()["status"]) == (503, "unavailable")
    assert response.json()["components"] == {"database": "ok", "cache": "ok", "migrations": "unavailable"}
    assert "Migrations are not applied." in caplog.text


@pytest.mark.parametrize(
    "cache",
    [
        {
            "BACKEND": "infrastructure.cache.backend.FailoverRedisCache",
            "LOCATION": "redis://127.0.0.1:1/0",
            "OPTIONS": {"STAND_IN": "django.core.cache.backends.dummy.DummyCache"},
        },
        {"BACKEND": "django.core.cache.backends.dummy.DummyCache"},
    ],
    ids=["away", "forgets"],
)
def test_a_process_without_its_cache_is_not_ready(
    api: Client, db: None, settings: Settings, cache: dict[str, Any]
) -> None:
    settings.CACHES |= {"default": cache}
    response = api.get(reverse("health-ready"))
    assert response.status_code == 503
    assert response.json()["components"] == {"database": "ok", "cache": "unavailable", "migrations": "ok"}


def test_a_process_is_ready_without_what_nobody_asks_for(
    api: Client, db: None, settings: Settings, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    settings.CACHES |= {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}
    with django_assert_max_num_queries(3):
        response = api.get(reverse("health-ready"), {"only": "migrations,database" + ",database" * 100})
    assert response.status_code == 200
    assert response.json()["components"] == {"database": "ok", "migrations": "ok"}


@pytest.mark.parametrize("only", ["", "databases", "database,caches", "database,"])
def test_a_name_that_is_no_component_asks_for_all(api: Client, db: None, only: str) -> None:
    response = api.get(reverse("health-ready"), {"only": only})
    assert response.json()["components"].keys() == {"database", "cache", "migrations"}


@pytest.mark.parametrize(("idle_seconds", "skipped"), [(600.0, True), (0.0, False)])
def test_connection_is_checked_only_after_a_pause(
    api: Client, db: None, monkeypatch: pytest.MonkeyPatch, idle_seconds: float, *, skipped: bool
) -> None:
    monkeypatch.setattr(health, "IDLE_SECONDS", idle_seconds)
    for _ in range(2):
        api.get(reverse("health-live"))
    assert connection.health_check_done is skipped  # type: ignore[attr-defined] # not in the stubs
