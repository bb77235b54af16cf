from typing import Any

import pytest
from django.core.checks import run_checks
from pytest_django import Settings

# Django's check of JSON fields needs a database.
pytestmark = pytest.mark.django_db


def test_settings_pass_the_checks() -> None:
    assert run_checks() == []


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
def test_deployment_with_valid_settings_has_no_warning() -> None:
    assert deployment_warnings() == []


@pytest.mark.usefixtures("_deployed")
@pytest.mark.parametrize(
    ("name", "value", "warning"),
    [
        ("NUM_PROXIES", 0, "core.W001"),
        ("ADMIN_URL", "admin/", "core.W002"),
        ("SENTRY_DSN", "", "core.W003"),
        ("CACHES", {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}, "core.W004"),
    ],
)
def test_deployment_with_unsafe_setting_has_a_warning(
    settings: Settings, name: str, value: Any, warning: str
) -> None:
    setattr(settings, name, value)
    assert deployment_warnings() == [warning]
