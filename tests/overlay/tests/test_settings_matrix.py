"""Settings for every combination of variables, loaded in separate processes where necessary."""

import importlib
import json
import os
import runpy
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.db import OperationalError
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.utils import ConnectionHandler
from django.utils.module_loading import import_string
from pytest_django import Settings

from config.database import database_config
from config.env import BASE_DIR, DotEnv, Environment, env
from config.redis import with_password
from tests.production import run_python
from tests.receiver import receiving

POSTGRES = "postgres://user:p%40ss%2Fw%23rd@db.example.com:6432/shop"
EMAIL_PROVIDERS = runpy.run_path(str(BASE_DIR / "config/settings/components/mail.py"))["_PROVIDERS"]
MAIL_SETTINGS = [
    path
    for path in sorted((BASE_DIR / "config/settings/components").glob("*.py"))
    if path.stem in {"email", "mailers"}
]


def sqlite(path: Path, query: str = "") -> dict[str, Any]:
    url = f"sqlite:///{quote(str(path))}{query}"
    return database_config(url, pool_size=5, pgbouncer=True, statement_timeout=1)


def connect(config: dict[str, Any]) -> BaseDatabaseWrapper:
    return ConnectionHandler({"default": config})["default"]


def faults(process: subprocess.CompletedProcess[str]) -> dict[str, str]:
    """Return the error of each variable from the output of a process."""
    assert process.returncode != 0
    _, _, message = process.stderr.partition("ImproperlyConfigured: Correct these environment variables")
    return dict(line.strip().split(": ", 1) for line in message.splitlines()[1:])


def test_gunicorn_reports_all_invalid_values() -> None:
    variables = {"WEB_THREADS": "0", "WEB_BIND": "8000", "WEB_TIMEOUT": "30s"}
    assert faults(run_python("gunicorn.conf.py", **variables)).keys() == variables.keys()


def test_invalid_secret_file_is_reported(tmp_path: Path) -> None:
    file = tmp_path / "port"
    file.write_text("smtp", encoding="utf-8")
    variables = {"EMAIL_PORT_FILE": str(file), "SENTRY_DSN_FILE": str(tmp_path / "none")}
    found = faults(run_python("-m", "config.settings.production", **variables))
    assert found.keys() == variables.keys()
    assert found["SENTRY_DSN_FILE"] == "must name a text file that can be read (FileNotFoundError)"


@pytest.mark.parametrize("name", ["SECRET_KEY", "SECRET_KEY_FALLBACKS"])
def test_short_secret_key_is_rejected(name: str) -> None:
    process = run_python("-m", "config.settings.production", **{name: "too short"})
    assert faults(process)[name].startswith("must have 32 bytes or more")


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


def test_secret_key_fallbacks_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    component = str(BASE_DIR / "config/settings/components/security.py")
    for given, keys in [("", []), ("a#b", ["a#b"]), ("""it's,"b" """, ["it's", '"b" '])]:
        monkeypatch.setenv("SECRET_KEY_FALLBACKS", given)
        assert runpy.run_path(component)["SECRET_KEY_FALLBACKS"] == keys


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


def test_mail_provider_backends_accept_the_api_key(
    monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    monkeypatch.setenv("EMAIL_API_KEY", "key:secret")
    for provider in EMAIL_PROVIDERS:
        monkeypatch.setenv("EMAIL_PROVIDER", provider)
        settings.ANYMAIL = mail_settings(MAIL_SETTINGS[0])["ANYMAIL"]
        # Raises AnymailConfigurationError without an API key.
        assert import_string(f"anymail.backends.{provider}.EmailBackend")().esp_name


def test_mail_is_sent_by_the_provider_api() -> None:
    with receiving(b'{"ErrorCode": 0, "Message": "OK", "MessageID": "1"}') as api:
        process = run_python(
            *("manage.py", "sendtestemail", "ann@example.com"),
            EMAIL_HOST="",
            EMAIL_PROVIDER="postmark",
            EMAIL_API_KEY="key",
            EMAIL_API_URL=f"http://127.0.0.1:{api.server_port}/api",
        )
    assert process.returncode == 0, process.stderr
    ((path, body),) = api.received
    assert path == "/api/email"
    assert json.loads(body)["To"] == "ann@example.com"


@pytest.mark.parametrize(
    ("variables", "levels"),
    [
        ({}, {"django": "INFO", "django.db.backends": "INFO"}),
        ({"LOG_LEVEL": "DEBUG"}, {"django": "DEBUG", "django.db.backends": "DEBUG"}),
        ({"LOG_LEVEL": "DEBUG", "LOG_SQL": "false"}, {"django": "DEBUG", "django.db.backends": "INFO"}),
        ({"LOG_SQL": "true"}, {"django": "INFO", "django.db.backends": "DEBUG"}),
    ],
)
def test_development_logs_sql_when_enabled(variables: dict[str, str], levels: dict[str, str]) -> None:
    process = run_python(
        "-c",
        """
import django
django.setup()
import logging
from django.db import connection
print({name: logging.getLevelName(logging.getLogger(name).getEffectiveLevel()) for name in
       ("django", "django.db.backends")})
connection.cursor().execute("SELECT %s", ["a parameter"])
""",
        DJANGO_SETTINGS_MODULE="config.settings.development",
        **variables,
    )
    assert process.stdout.strip() == str(levels), process.stderr
    assert process.stderr.count("a parameter") == (2 if levels["django.db.backends"] == "DEBUG" else 0)


def test_production_logs_no_sql() -> None:
    script = """
import django
django.setup()
from django.db import connection
connection.force_debug_cursor = True
connection.cursor().execute("SELECT %s", ["a parameter"])
"""
    process = run_python("-c", script, LOG_LEVEL="DEBUG", LOG_SQL="true")
    assert process.returncode == 0, process.stderr
    assert "a parameter" not in process.stderr


def test_frontend_url_may_have_a_path() -> None:
    process = run_python(
        "-c",
        "from config.settings import development as s; print(s.FRONTEND_URL, s.CORS_ALLOWED_ORIGINS)",
        FRONTEND_URL="https://example.com/app/",
    )
    assert process.stdout.split() == ["https://example.com/app", "['https://example.com']"], process.stderr


@pytest.mark.django_db
def test_sqlite_uses_wal_and_foreign_keys(tmp_path: Path) -> None:
    database = connect(sqlite(tmp_path / "a folder" / ".." / "#1 100%.sqlite3"))
    pragmas = {"journal_mode": "wal", "foreign_keys": 1, "busy_timeout": 20_000, "synchronous": 1}
    (tmp_path / "a folder").mkdir()
    with database.cursor() as cursor:
        for name, value in pragmas.items():
            assert cursor.execute(f"PRAGMA {name}").fetchone() == (value,), name
    database.close()
    assert (tmp_path / "#1 100%.sqlite3").is_file()


@pytest.mark.django_db
def test_sqlite_transaction_takes_the_lock_at_its_start(tmp_path: Path) -> None:
    first, second = (ConnectionHandler({"default": sqlite(tmp_path / "db", "?timeout=0")}) for _ in range(2))
    with first["default"].cursor() as cursor:
        cursor.execute("CREATE TABLE note (text)")
    first["default"].set_autocommit(False, force_begin_transaction_with_broken_autocommit=True)
    with pytest.raises(OperationalError, match="locked"):
        second["default"].set_autocommit(False, force_begin_transaction_with_broken_autocommit=True)
    # Readers do not wait.
    with second["default"].cursor() as cursor:
        assert cursor.execute("SELECT * FROM note").fetchall() == []
    for handler in (first, second):
        handler["default"].close()


def test_postgis_has_the_settings_of_postgresql() -> None:
    url = POSTGRES.replace("postgres:", "postgis:")
    options: dict[str, Any] = {
        "pool_size": 3,
        "pgbouncer": False,
        "statement_timeout": 1,
        "sslmode": "require",
    }
    config = database_config(url, **options, answer_timeout=20)
    expected = database_config(POSTGRES, **options)
    assert config == expected | {"ENGINE": "django.contrib.gis.db.backends.postgis"}


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("sqlite:///file.sqlite3", str(BASE_DIR / "file.sqlite3")),
        ("sqlite:////srv/file.sqlite3", "/srv/file.sqlite3"),
        ("sqlite://:memory:", ":memory:"),
        ("sqlite:///:memory:", ":memory:"),
    ],
)
def test_sqlite_path_does_not_depend_on_the_working_directory(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, url: str, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    assert database_config(url, pool_size=0, pgbouncer=False, statement_timeout=0)["NAME"] == name


@pytest.mark.parametrize(
    "url",
    [
        "nonsense",
        "oracle9://s3cret@host/db",
        "mysql://user:s3cret@host/db",
        "sqlite://s3cret.sqlite3",
        "sqlite://",
        "sqlite:///",
        "sqlite:///s3cret#1.sqlite3",
        "sqlite:///s3cret?1.sqlite3",
        "sqlite:///s3cret?mode=ro",
        "sqlite:///s3cret?timeout=long",
        "postgres://user:s3cret[@host/db",
        "postgres://user:s3cret#1@host/db",
        "postgres://s:1#s3cret@host/db",
        "postgres://s:1?s3cret@host/db",
        "postgres://s:1?s3cret=1@host/db",
        "postgres://s:1/s3cret@host/db",
        "postgres://user:s3cret%zz@host/db",
        "postgres://user:s3cret@host:70000/db",
        "postgres://user:s3cret@host",
        "postgres://user:s3cret@host/",
        "postgres://user:s3cret@host/db/",
        "postgres://user:s3cret@host/db?pool=true",
        "postgres://user:s3cret@host/db?ssl=true",
        "postgres://user:s3cret@host/db?sslmode=yes",
        "postgres://user:s3cret@host/db?sslmode=require&sslmode=disable",
        "postgres://user:s3cret@host/db?connect_timeout=long",
        "postgis://user:s3cret@host/db?s3cret=true",
        "postgres://user:s3cret℀@host/db",
    ],
)
def test_ambiguous_database_url_is_rejected_without_quoting_it(url: str) -> None:
    with pytest.raises(ValueError, match=r"^must (be a URL|have)") as refusal:
        database_config(url, pool_size=0, pgbouncer=False, statement_timeout=0)
    assert "s3cret" not in str(refusal.value)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://user:p%23ss@host/db",
        "postgres:///db",
        "postgres://user:p@ss@h1,h2/db",
        "postgres://user@%2Fvar%2Frun%2Fpostgresql/db",
        "postgres://host/db?sslmode=verify-full&sslrootcert=/ca.pem&connect_timeout=3",
        "postgres:///?service=shop",
        "sqlite:///a%20folder/db?timeout=5",
    ],
)
def test_valid_database_url_is_accepted(url: str) -> None:
    assert database_config(url, pool_size=0, pgbouncer=False, statement_timeout=0)["ENGINE"]
