"""What each environment is made of: settings are read once, so each is looked at in a process of its own."""

import json
import runpy
from dataclasses import dataclass
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
from config.env import BASE_DIR, env, require
from tests.production import REQUIRED, run_python

POSTGRES = "postgres://user:p%40ss%2Fw%23rd@db.example.com:6432/shop"
# What a process in production says of itself, with databases that cannot be reached.
PRODUCTION = """
import importlib, json
import django
from django.core import checks
from django.test import Client
from django.utils.functional import Promise

django.setup()
modules = {name: importlib.import_module(f"config.settings.{name}") for name in ("production", "staging")}
report = {
    name: {key: value for key, value in vars(module).items() if key.isupper()}
    for name, module in modules.items()
}
report["checks"] = [str(message) for message in checks.run_checks(include_deployment_checks=True)]
client = Client(headers={"host": "10.0.0.7"})
for name in ("live", "ready"):
    response = client.get(f"/health/{name}/")
    report[name] = [response.status_code, response.json()]
print(json.dumps(report, default=lambda value: "lazy" if isinstance(value, Promise) else repr(value)))
"""
MAIL_SETTINGS = [
    path
    for path in sorted((BASE_DIR / "config/settings/components").glob("*.py"))
    if path.stem in {"email", "mailers"}
]
CLOSED_PORT = "postgres://user:s3cret@127.0.0.1:1/shop"
CLOSED_REDIS = "redis://:s3cret@127.0.0.1:1/0"


@dataclass(frozen=True)
class Report:
    """What the process said, and what it logged."""

    said: dict[str, Any]
    log: list[dict[str, Any]]


@pytest.fixture(scope="module")
def production() -> Report:
    away = {"DATABASE_URL": CLOSED_PORT, "DATABASE_REPLICA_URL": CLOSED_PORT, "REDIS_URL": CLOSED_REDIS}
    process = run_python("-c", PRODUCTION, **away)
    assert process.returncode == 0, process.stderr
    return Report(json.loads(process.stdout), [json.loads(line) for line in process.stderr.splitlines()])


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
    process = run_python("-m", "config.settings.production", **dict.fromkeys(REQUIRED, ""))
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


@pytest.mark.parametrize("name", ["SECRET_KEY", "SECRET_KEY_FALLBACKS"])
def test_a_key_that_can_be_guessed_is_refused(name: str) -> None:
    process = run_python("-m", "config.settings.production", **{name: "too short"})
    assert process.returncode != 0
    assert f"{name} has less than 32 bytes" in process.stderr.strip().splitlines()[-1]


def test_keys_that_are_rotated_out_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    component = str(BASE_DIR / "config/settings/components/security.py")
    for given, keys in [("", []), ("a#b", ["a#b"]), ("""it's,"b" """, ["it's", '"b" '])]:
        monkeypatch.setenv("SECRET_KEY_FALLBACKS", given)
        assert runpy.run_path(component)["SECRET_KEY_FALLBACKS"] == keys


def test_an_empty_variable_is_one_that_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DB_POOL_SIZE", "")
    assert env("DB_POOL_SIZE", default=7, cast=int) == 7
    monkeypatch.setenv("DB_POOL_SIZE", "3")
    assert env("DB_POOL_SIZE", default=7, cast=int) == 3


def test_what_has_no_variable_is_read_from_the_file_that_another_one_names(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "secret"
    monkeypatch.setenv("DB_POOL_SIZE", "")
    monkeypatch.setenv("DB_POOL_SIZE_FILE", str(file))
    with pytest.raises(FileNotFoundError):
        env("DB_POOL_SIZE", default=7, cast=int)
    file.write_text("", encoding="utf-8")
    assert env("DB_POOL_SIZE", default=7, cast=int) == 7
    file.write_text("3\n", encoding="utf-8")
    assert env("DB_POOL_SIZE", default=7, cast=int) == 3
    require("DB_POOL_SIZE")
    monkeypatch.setenv("DB_POOL_SIZE", "4")
    assert env("DB_POOL_SIZE", default=7, cast=int) == 4


def test_production_passes_the_checks_for_deployment_with_the_documented_variables(
    production: Report,
) -> None:
    assert production.said["checks"] == []


def test_staging_is_production_but_for_how_long_browsers_insist_on_https(production: Report) -> None:
    settings, staging = production.said["production"], production.said["staging"]
    assert settings.keys() == staging.keys()
    assert {name for name in settings if settings[name] != staging[name]} == {
        "SECURE_HSTS_SECONDS",
        "SECURE_HSTS_INCLUDE_SUBDOMAINS",
        "SECURE_HSTS_PRELOAD",
    }
    assert settings["DEBUG"] is False
    assert (settings["SECURE_HSTS_SECONDS"], staging["SECURE_HSTS_SECONDS"]) == (31_536_000, 3600)


def test_servers_that_are_away_are_named_and_the_process_lives_on(production: Report) -> None:
    assert production.said["live"] == [200, {"status": "ok"}]
    status, said = production.said["ready"]
    assert (status, said["status"]) == (503, "unavailable")
    away = {name for name, state in said["components"].items() if state == "unavailable"}
    # Beside those that other apps add where they have a server.
    assert {"database", "cache", "migrations"} <= away
    failed = {line["component"] for line in production.log if line["event"] == "health_check_failed"}
    assert failed == away
    assert "s3cret" not in json.dumps(production.log)


def test_without_a_replica_nothing_is_routed(monkeypatch: pytest.MonkeyPatch) -> None:
    component = str(BASE_DIR / "config/settings/components/database.py")
    for url, aliases, routers in [("", 1, 0), (POSTGRES, 2, 1)]:
        monkeypatch.setenv("DATABASE_REPLICA_URL", url)
        settings = runpy.run_path(component)
        assert (len(settings["DATABASES"]), len(settings["DATABASE_ROUTERS"])) == (aliases, routers)


def test_a_replica_that_is_named_is_used(production: Report) -> None:
    assert production.said["production"]["DATABASES"].keys() == {"default", "replica"}
    assert production.said["production"]["DATABASE_ROUTERS"] == ["apps.core.routers.ReplicaRouter"]


@pytest.mark.parametrize("component", MAIL_SETTINGS, ids=lambda path: path.stem)
@pytest.mark.parametrize(
    ("host", "backend", "expected"),
    [
        ("", "", "apps.core.mail.ConsoleBackend"),
        ("smtp.example.com", "", "django.core.mail.backends.smtp.EmailBackend"),
        ("smtp.example.com", "anymail.backends.test.EmailBackend", "anymail.backends.test.EmailBackend"),
    ],
)
def test_mails_go_where_the_environment_says(
    monkeypatch: pytest.MonkeyPatch, component: Path, host: str, backend: str, expected: str
) -> None:
    monkeypatch.setenv("EMAIL_HOST", host)
    monkeypatch.setenv("EMAIL_BACKEND", backend)
    settings = runpy.run_path(str(component))
    # Django 6.1 replaced the one backend by named mailers.
    mailers = settings.get("MAILERS") or {"default": {"BACKEND": settings["EMAIL_BACKEND"]}}
    assert mailers["default"]["BACKEND"] == expected


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
    assert config["ENGINE"] == "apps.core.postgresql"
    parts = [config[name] for name in ("NAME", "USER", "PASSWORD", "HOST", "PORT")]
    assert parts == ["shop", "user", "p@ss/w#rd", "db.example.com", 6432]


def test_without_a_pool_each_thread_keeps_a_connection_and_checks_it() -> None:
    config = postgres()
    assert (config["CONN_MAX_AGE"], config["CONN_HEALTH_CHECKS"]) == (60, True)
    assert config["OPTIONS"]["connect_timeout"] == 5
    assert "pool" not in config["OPTIONS"]


def test_a_pool_takes_the_place_of_persistent_connections() -> None:
    config = postgres(pool_size=7)
    assert config["OPTIONS"]["pool"] == {"min_size": 1, "max_size": 7, "timeout": 3, "reconnect_timeout": 5}
    assert config["CONN_MAX_AGE"] == 0


def test_statements_are_cut_off_after_the_timeout() -> None:
    assert postgres(statement_timeout=15_000)["OPTIONS"]["options"] == "-c statement_timeout=15000"
    config = database_config(
        f"{POSTGRES}?options=-c%20lock_timeout%3D1", pool_size=0, pgbouncer=False, statement_timeout=2
    )
    assert config["OPTIONS"]["options"] == "-c statement_timeout=2 -c lock_timeout=1"


def test_an_answer_may_take_a_little_longer_than_the_server_lets_a_statement_take() -> None:
    assert postgres(statement_timeout=15_000)["OPTIONS"]["answer_timeout"] == 20
    assert "answer_timeout" not in postgres(statement_timeout=0)["OPTIONS"]
    assert "answer_timeout" not in postgres(statement_timeout=15_000, pgbouncer=True)["OPTIONS"]
    url = f"{POSTGRES}?answer_timeout=60"
    config = database_config(url, pool_size=0, pgbouncer=False, statement_timeout=1)
    assert float(config["OPTIONS"]["answer_timeout"]) == 60


def test_behind_pgbouncer_nothing_is_sent_that_it_does_not_know() -> None:
    config = postgres(statement_timeout=15_000, pgbouncer=True)
    assert config["DISABLE_SERVER_SIDE_CURSORS"] is True
    assert "options" not in config["OPTIONS"]
    assert postgres()["DISABLE_SERVER_SIDE_CURSORS"] is False


def test_a_password_may_stand_outside_of_the_url() -> None:
    options: dict[str, Any] = {"pool_size": 0, "pgbouncer": False, "statement_timeout": 0, "password": "p@ss"}
    assert database_config(POSTGRES, **options)["PASSWORD"] == "p@ss/w#rd"
    assert database_config("postgres://user@db.example.com/shop", **options)["PASSWORD"] == "p@ss"


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
