"""Mail settings, and how environment variables are read."""

import importlib
import os
import runpy
import subprocess
from pathlib import Path
from typing import Any

import pytest

from config.env import BASE_DIR, DotEnv, Environment, env
from config.redis import with_password

POSTGRES = "postgres://user:p%40ss%2Fw%23rd@db.example.com:6432/shop"
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


def test_keep_only_hides_other_variables_from_tests_and_child_processes(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    dotenv = tmp_path / ".env"
    dotenv.write_text("EMAIL_HOST=smtp.example.com\nREDIS_URL=redis://127.0.0.1\n", encoding="utf-8")
    monkeypatch.setattr(os, "environ", dict.fromkeys(["ADMIN_URL", "EMAIL_HOST", "SECRET_KEY_FILE"], "shell"))
    environment = Environment(DotEnv(dotenv))
    environment.keep_only("DATABASE_URL", "PGPASSWORD", "PGSSLMODE", "REDIS_URL")
    # Without an empty variable, a child process would read the line of `.env`.
    assert os.environ == {"EMAIL_HOST": ""}
    assert [environment.text(name) for name in ("EMAIL_HOST", "REDIS_URL")] == [
        "",
        "redis://127.0.0.1",
    ]


@pytest.mark.parametrize(
    ("password", "url", "found"),
    [
        ("", "redis://redis:6379/0", "redis://redis:6379/0"),
        ("p@ss w/#%:", "redis://redis:6379/0", "redis://:p%40ss%20w%2F%23%25%3A@redis:6379/0"),
        ("word", "rediss://redis/0", "rediss://:word@redis/0"),
        ("word", "redis://ann:other@redis/0", "redis://ann:other@redis/0"),
        ("word", "memory://", "memory://"),
        ("word", "", ""),
    ],
)
def test_redis_url_gets_the_password(
    monkeypatch: pytest.MonkeyPatch, password: str, url: str, found: str
) -> None:
    monkeypatch.setenv("REDIS_PASSWORD", password)
    assert with_password(url) == found


def test_empty_variable_counts_as_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for text, value in [("", 7), ("  ", 7), ("3", 3)]:
        monkeypatch.setenv("DB_POOL_SIZE", text)
        assert Environment(DotEnv(BASE_DIR / "none")).integer("DB_POOL_SIZE", default=7) == value


def test_file_variable_is_read_when_the_variable_is_not_set(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "secret"
    monkeypatch.setenv("DB_POOL_SIZE", "")
    monkeypatch.setenv("DB_POOL_SIZE_FILE", str(file))
    for content, value in [("", 7), ("3\n", 3)]:
        file.write_text(content, encoding="utf-8")
        assert Environment(DotEnv(BASE_DIR / "none")).integer("DB_POOL_SIZE", default=7) == value
    monkeypatch.setenv("DB_POOL_SIZE", "4")
    assert Environment(DotEnv(BASE_DIR / "none")).integer("DB_POOL_SIZE", default=7) == 4


def test_router_is_used_only_with_a_replica(monkeypatch: pytest.MonkeyPatch) -> None:
    component = str(BASE_DIR / "config/settings/components/database.py")
    for url, aliases, routers in [("", 1, 0), (POSTGRES, 2, 1)]:
        monkeypatch.setenv("DATABASE_REPLICA_URL", url)
        settings = runpy.run_path(component)
        assert (len(settings["DATABASES"]), len(settings["DATABASE_ROUTERS"])) == (aliases, routers)


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


@pytest.mark.parametrize("component", MAIL_SETTINGS, ids=lambda path: path.stem)
def test_mail_provider_is_set_by_variables(monkeypatch: pytest.MonkeyPatch, component: Path) -> None:
    monkeypatch.setenv("EMAIL_API_KEY", "key:secret")
    for provider, expected in {
        "mailgun": {"MAILGUN_API_KEY": "key:secret"},
        "mailjet": {"MAILJET_API_KEY": "key", "MAILJET_SECRET_KEY": "secret"},
        "postmark": {"POSTMARK_SERVER_TOKEN": "key:secret"},
    }.items():
        monkeypatch.setenv("EMAIL_PROVIDER", provider)
        assert mail_settings(component)["ANYMAIL"] == {"REQUESTS_TIMEOUT": 10} | expected
