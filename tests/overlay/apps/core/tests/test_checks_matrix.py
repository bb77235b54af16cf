"""System checks of settings that a project does not use."""

import pytest
from django.core.checks import run_checks
from pytest_django import Settings

# Django's check of JSON fields needs a database.
pytestmark = pytest.mark.django_db


def test_atomic_requests_are_an_error(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    monkeypatch.setitem(settings.DATABASES["default"], "ATOMIC_REQUESTS", "yes")
    (error,) = run_checks()
    assert error.id == "core.E004"
    assert "'default'" in error.msg


def test_mail_backend_that_cannot_be_imported_is_an_error(settings: Settings) -> None:
    backend = "django.core.mail.backends.smpt.EmailBackend"
    if hasattr(settings, "MAILERS"):
        settings.MAILERS = {"default": {"BACKEND": backend}}
    else:
        settings.EMAIL_BACKEND = backend
    (error,) = run_checks()
    assert error.id == "core.E005"
    assert "smpt" in error.msg
