"""Deployment check of TLS to the database, for every kind of host."""

import pytest
from django.core.checks import run_checks
from pytest_django import Settings

# Django's check of JSON fields needs a database.
pytestmark = pytest.mark.django_db


def deployment_warnings() -> list[str]:
    found = run_checks(tags=["security"], include_deployment_checks=True)
    return sorted(str(message.id) for message in found if str(message.id).startswith("core.W"))


@pytest.fixture
def _deployed(settings: Settings) -> None:
    """Set valid values for all settings that the deployment checks examine."""
    settings.NUM_PROXIES = 1
    settings.ADMIN_URL = "manage/"
    settings.SENTRY_DSN = "https://key@sentry.example.com/1"
    settings.CACHES = {
        "default": {"BACKEND": "infrastructure.cache.backend.FailoverRedisCache", "LOCATION": "redis://r"}
    }


@pytest.mark.usefixtures("_deployed")
@pytest.mark.parametrize(
    ("host", "options", "warnings"),
    [
        ("db.example.com", {}, ["core.W005"]),
        ("10.0.0.7", {"sslmode": "prefer"}, ["core.W005"]),
        ("2001:db8::7", {}, ["core.W005"]),
        ("db.example.com", {"sslmode": "verify-full"}, []),
        ("localhost", {}, []),
        ("127.0.0.1", {}, []),
        ("::1", {}, []),
        ("/run/postgresql", {}, []),
        ("", {}, []),
        ("pgbouncer", {"sslmode": "disable"}, []),
    ],
)
def test_remote_database_without_tls_has_a_warning(
    monkeypatch: pytest.MonkeyPatch,
    settings: Settings,
    host: str,
    options: dict[str, str],
    warnings: list[str],
) -> None:
    monkeypatch.setitem(settings.DATABASES["default"], "HOST", host)
    monkeypatch.setitem(settings.DATABASES["default"], "OPTIONS", options)
    assert deployment_warnings() == warnings
