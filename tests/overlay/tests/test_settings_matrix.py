"""Settings for every combination of variables, loaded in separate processes where necessary."""

import json
import runpy
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.db import OperationalError, connection, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.utils import ConnectionHandler
from django.utils.module_loading import import_string
from pytest_django import Settings

from config.database import database_config
from config.env import BASE_DIR
from tests.production import run_python
from tests.receiver import receiving
from tests.test_mail_settings import MAIL_SETTINGS, faults, mail_settings
from tests.test_settings_sources import POSTGRES

EMAIL_PROVIDERS = runpy.run_path(str(BASE_DIR / "config/settings/components/mail.py"))["_PROVIDERS"]


def sqlite(path: Path, query: str = "") -> dict[str, Any]:
    url = f"sqlite:///{quote(str(path))}{query}"
    return database_config(url, pool_size=5, pgbouncer=True, statement_timeout=1)


def connect(config: dict[str, Any]) -> BaseDatabaseWrapper:
    return ConnectionHandler({"default": config})["default"]


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


def test_secret_key_fallbacks_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    component = str(BASE_DIR / "config/settings/components/security.py")
    for given, keys in [("", []), ("a#b", ["a#b"]), ("""it's,"b" """, ["it's", '"b" '])]:
        monkeypatch.setenv("SECRET_KEY_FALLBACKS", given)
        assert runpy.run_path(component)["SECRET_KEY_FALLBACKS"] == keys


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
    process = run_python("-c", script, LOG_LEVEL="DEBUG")
    assert process.returncode == 0, process.stderr
    assert "a parameter" not in process.stderr


def test_production_rejects_the_log_of_sql() -> None:
    assert list(faults(run_python("-m", "config.settings.production", LOG_SQL="true"))) == ["LOG_SQL"]
    assert run_python("-m", "config.settings.production", LOG_SQL="false").returncode == 0


def test_production_has_no_code_of_development() -> None:
    script = """
import sys
import django
django.setup()
import config.urls, config.wsgi
print([name for name in sys.modules if name.partition(".")[0] in ("tools", "debug_toolbar", "factory")])
"""
    process = run_python("-c", script)
    assert process.stdout.strip() == "[]", process.stderr
    assert "Unknown command" in run_python("manage.py", "seed").stderr


# Requests from this machine, from the gateway of the network of a container, and from elsewhere.
PAGES = """
import json, socket
from unittest import mock
import django
django.setup()
from django.test import Client
found = {}
networks = mock.patch("socket.gethostbyname_ex", return_value=("web", [], ["172.18.0.5"]))
with networks, mock.patch("socket.gethostbyname", side_effect=socket.gaierror):
    for ip_address in ("127.0.0.1", "172.18.0.1", "192.0.2.7"):
        client = Client(REMOTE_ADDR=ip_address, HTTP_HOST="localhost")
        for path in ("/api/docs/", "/api/redoc/", "/admin/login/", "/dev/emails/", "/api/v1/users/me/"):
            response = client.get(path)
            policy = response.headers["Content-Security-Policy"]
            found[f"{ip_address} {path}"] = [b"djDebug" in response.content, "unsafe-eval" in policy]
            if response.headers["Content-Type"].endswith("json"):
                json.loads(response.content)
print(json.dumps(found))
"""


def test_development_pages_have_the_debug_toolbar() -> None:
    process = run_python(
        "-c", PAGES, DJANGO_SETTINGS_MODULE="config.settings.development", DATABASE_URL="sqlite://:memory:"
    )
    assert process.returncode == 0, process.stderr
    for request, (has_toolbar, is_unsafe) in json.loads(process.stdout).items():
        is_page = not request.startswith("192.0.2.7") and not request.endswith("/users/me/")
        assert has_toolbar == is_page, request
        # A theme of the admin may need it.
        assert not is_unsafe or request.endswith("/admin/login/")


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


@pytest.mark.django_db
@pytest.mark.skipif(connection.vendor != "postgresql", reason="DATABASE_URL names no PostgreSQL")
def test_statement_timeout_is_active_in_postgresql() -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone() == ("15s",)
