"""What each environment is made of: settings are read once, so each is looked at in a process of its own."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from dj_database_url import ParseError, UnknownSchemeError
from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError, connection, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.utils import ConnectionHandler

from config.database import database_config
from config.env import require
from tests.production import REQUIRED, run_python

POSTGRES = "postgres://user:p%40ss%2Fw%23rd@db.example.com:6432/shop"
TELL_SETTINGS = """
import importlib, json, sys
from django.utils.functional import Promise
modules = [importlib.import_module(f"config.settings.{name}") for name in sys.argv[1:]]
tables = [{key: value for key, value in vars(module).items() if key.isupper()} for module in modules]
print(json.dumps(tables, default=lambda value: "lazy" if isinstance(value, Promise) else repr(value)))
"""


def settings_of(*environments: str, **variables: str) -> list[dict[str, Any]]:
    process = run_python("-c", TELL_SETTINGS, *environments, **variables)
    assert process.returncode == 0, process.stderr
    tables: list[dict[str, Any]] = json.loads(process.stdout)
    return tables


def postgres(pool_size: int = 0, statement_timeout: int = 0, *, pgbouncer: bool = False) -> dict[str, Any]:
    return database_config(
        POSTGRES, pool_size=pool_size, pgbouncer=pgbouncer, statement_timeout=statement_timeout
    )


def sqlite(path: Path, query: str = "") -> dict[str, Any]:
    url = f"sqlite:///{quote(str(path))}{query}"
    return database_config(url, pool_size=5, pgbouncer=True, statement_timeout=1)


def connect(config: dict[str, Any]) -> BaseDatabaseWrapper:
    return ConnectionHandler({"default": config})["default"]


def test_production_names_everything_that_is_missing_at_once() -> None:
    process = run_python("manage.py", "check", **dict.fromkeys(REQUIRED, ""))
    assert process.returncode != 0
    message = process.stderr.strip().splitlines()[-1]
    assert message.startswith("django.core.exceptions.ImproperlyConfigured: Set these environment variables")
    assert message.endswith(f": {', '.join(REQUIRED)}")


@pytest.mark.parametrize("name", REQUIRED)
def test_production_names_only_what_is_missing(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    for required, value in REQUIRED.items():
        monkeypatch.setenv(required, "" if required == name else value)
    with pytest.raises(ImproperlyConfigured) as error:
        require(*REQUIRED)
    assert str(error.value).endswith(f": {name}")


def test_production_passes_the_checks_for_deployment_with_the_documented_variables() -> None:
    process = run_python("manage.py", "check", "--deploy", "--fail-level", "WARNING")
    assert process.returncode == 0, process.stderr
    assert "no issues" in process.stdout


def test_staging_is_production_but_for_how_long_browsers_insist_on_https() -> None:
    production, staging = settings_of("production", "staging")
    assert production.keys() == staging.keys()
    assert {name for name in production if production[name] != staging[name]} == {
        "SECURE_HSTS_SECONDS",
        "SECURE_HSTS_INCLUDE_SUBDOMAINS",
        "SECURE_HSTS_PRELOAD",
    }
    assert production["DEBUG"] is False
    assert production["SECURE_HSTS_SECONDS"] == 31_536_000
    assert staging["SECURE_HSTS_SECONDS"] == 3600


def mail_backend(settings: dict[str, Any]) -> str:
    # Django 6.1 replaced the one backend by named mailers.
    mailer = (
        settings["MAILERS"]["default"] if "MAILERS" in settings else {"BACKEND": settings["EMAIL_BACKEND"]}
    )
    return str(mailer["BACKEND"])


def test_mails_are_printed_while_there_is_no_server_to_send_them() -> None:
    (settings,) = settings_of("development", EMAIL_HOST="")
    assert mail_backend(settings) == "apps.core.mail.ConsoleBackend"


def test_a_server_for_mails_and_a_replica_are_used_where_they_are_named() -> None:
    (settings,) = settings_of("production", EMAIL_HOST="smtp.example.com", DATABASE_REPLICA_URL=POSTGRES)
    assert mail_backend(settings) == "django.core.mail.backends.smtp.EmailBackend"
    assert settings["DATABASES"]["replica"]["HOST"] == "db.example.com"
    assert settings["DATABASE_ROUTERS"] == ["apps.core.routers.ReplicaRouter"]


@pytest.mark.django_db
def test_sqlite_reads_while_it_writes_and_keeps_its_references(tmp_path: Path) -> None:
    database = connect(sqlite(tmp_path / "a folder" / ".." / "#1 100%.sqlite3"))
    pragmas = {"journal_mode": "wal", "foreign_keys": 1, "busy_timeout": 20_000, "synchronous": 1}
    (tmp_path / "a folder").mkdir()
    with database.cursor() as cursor:
        for name, value in pragmas.items():
            assert cursor.execute(f"PRAGMA {name}").fetchone() == (value,), name
    database.close()
    assert (tmp_path / "#1 100%.sqlite3").is_file()


@pytest.mark.django_db
def test_a_transaction_of_sqlite_takes_the_lock_at_its_start(tmp_path: Path) -> None:
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


def test_every_part_of_a_url_is_unquoted() -> None:
    config = postgres()
    assert config["ENGINE"] == "django.db.backends.postgresql"
    parts = [config[name] for name in ("NAME", "USER", "PASSWORD", "HOST", "PORT")]
    assert parts == ["shop", "user", "p@ss/w#rd", "db.example.com", 6432]


def test_without_a_pool_each_thread_keeps_a_connection_and_checks_it() -> None:
    config = postgres()
    assert (config["CONN_MAX_AGE"], config["CONN_HEALTH_CHECKS"]) == (60, True)
    assert config["OPTIONS"] == {"connect_timeout": 5}


def test_a_pool_takes_the_place_of_persistent_connections() -> None:
    config = postgres(pool_size=7)
    assert config["OPTIONS"]["pool"] == {"min_size": 1, "max_size": 7, "timeout": 5}
    assert config["CONN_MAX_AGE"] == 0


def test_statements_are_cut_off_after_the_timeout() -> None:
    assert postgres(statement_timeout=15_000)["OPTIONS"]["options"] == "-c statement_timeout=15000"
    config = database_config(
        f"{POSTGRES}?options=-c%20lock_timeout%3D1", pool_size=0, pgbouncer=False, statement_timeout=2
    )
    assert config["OPTIONS"]["options"] == "-c lock_timeout=1 -c statement_timeout=2"


def test_behind_pgbouncer_nothing_is_sent_that_it_does_not_know() -> None:
    config = postgres(statement_timeout=15_000, pgbouncer=True)
    assert config["DISABLE_SERVER_SIDE_CURSORS"] is True
    assert "options" not in config["OPTIONS"]
    assert postgres()["DISABLE_SERVER_SIDE_CURSORS"] is False


def test_other_databases_are_left_to_their_url() -> None:
    config = database_config("mysql://user@localhost/shop", pool_size=5, pgbouncer=True, statement_timeout=1)
    assert config["ENGINE"] == "django.db.backends.mysql"
    assert "OPTIONS" not in config or config["OPTIONS"] == {}


@pytest.mark.django_db
@pytest.mark.skipif(connection.vendor != "postgresql", reason="DATABASE_URL names no PostgreSQL")
def test_the_timeout_reaches_postgresql() -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone() == ("15s",)


@pytest.mark.parametrize(
    ("url", "error", "message"),
    [
        ("nonsense", UnknownSchemeError, "unknown"),
        ("oracle9://s3cret@host/db", UnknownSchemeError, "oracle9"),
        ("postgres://user:s3cret[@host/db", ParseError, "not a valid url"),
    ],
)
def test_a_url_that_cannot_be_read_is_refused_without_its_password(
    url: str, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message) as refusal:
        database_config(url, pool_size=0, pgbouncer=False, statement_timeout=0)
    assert "s3cret" not in str(refusal.value)
