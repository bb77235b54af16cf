"""Mail settings from the environment."""

import importlib
import runpy
import subprocess
from pathlib import Path
from typing import Any

import pytest

from config.env import BASE_DIR, env

MAIL_SETTINGS = [
    path
    for path in sorted((BASE_DIR / "config/settings/components").glob("*.py"))
    if path.stem in {"email", "mailers"}
]


def faults(process: subprocess.CompletedProcess[str]) -> dict[str, str]:
    """Return the error of each variable from the output of a process."""
    assert process.returncode != 0
    _, _, message = process.stderr.partition("ImproperlyConfigured: Correct these environment variables")
    return dict(line.strip().split(": ", 1) for line in message.splitlines()[1:])


def mail_settings(component: Path) -> dict[str, Any]:
    importlib.reload(importlib.import_module("config.settings.components.mail"))
    return runpy.run_path(str(component))


@pytest.mark.parametrize("component", MAIL_SETTINGS, ids=lambda path: path.stem)
@pytest.mark.parametrize(
    ("host", "backend", "expected"),
    [
        ("", "", "apps.core.mail.ConsoleBackend"),
        ("smtp.example.com", "", "django.core.mail.backends.smtp.EmailBackend"),
        ("smtp.example.com", "anymail.backends.test.EmailBackend", "anymail.backends.test.EmailBackend"),
    ],
)
def test_mail_backend_is_set_by_the_environment(
    monkeypatch: pytest.MonkeyPatch, component: Path, host: str, backend: str, expected: str
) -> None:
    monkeypatch.setenv("EMAIL_HOST", host)
    monkeypatch.setenv("EMAIL_BACKEND", backend)
    settings = mail_settings(component)
    # Django 6.1 replaced EMAIL_BACKEND with MAILERS.
    mailers = settings.get("MAILERS") or {"default": {"BACKEND": settings["EMAIL_BACKEND"]}}
    assert mailers["default"]["BACKEND"] == expected


@pytest.mark.parametrize(
    ("variables", "faulty"),
    [
        ({"EMAIL_USE_SSL": "true", "EMAIL_USE_TLS": "true"}, {"EMAIL_USE_TLS"}),
        ({"EMAIL_USE_SSL": "true", "EMAIL_PORT": "587"}, {"EMAIL_PORT"}),
        ({"EMAIL_PORT": "465"}, {"EMAIL_PORT"}),
        ({"EMAIL_HOST_USER": "shop"}, {"EMAIL_HOST_USER"}),
        ({"EMAIL_PROVIDER": "resend"}, {"EMAIL_API_KEY"}),
        ({"EMAIL_API_KEY": "key"}, {"EMAIL_API_KEY"}),
        ({"EMAIL_PROVIDER": "resend", "EMAIL_API_KEY": "k", "EMAIL_HOST": "smtp"}, {"EMAIL_PROVIDER"}),
        ({"EMAIL_USE_SSL": "true", "EMAIL_PORT": "465", "EMAIL_USE_TLS": "false"}, set()),
        ({"EMAIL_USE_SSL": "true"}, set()),
        ({"EMAIL_HOST": "mail", "EMAIL_PORT": "1025", "EMAIL_USE_TLS": "false"}, set()),
    ],
)
def test_contradictory_mail_variables_are_errors(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], faulty: set[str]
) -> None:
    monkeypatch.setattr(env, "faults", {})
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    mail_settings(MAIL_SETTINGS[0])
    assert env.faults.keys() == faulty
