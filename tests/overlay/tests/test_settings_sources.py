"""Settings from the environment: files, passwords, providers."""

import os
import runpy
from pathlib import Path

import pytest

from config.env import BASE_DIR, DotEnv, Environment
from config.redis import with_password
from tests.test_mail_settings import MAIL_SETTINGS, mail_settings

POSTGRES = "postgres://user:p%40ss%2Fw%23rd@db.example.com:6432/shop"


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
