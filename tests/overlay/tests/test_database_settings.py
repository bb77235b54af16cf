"""Database settings from the environment."""

from typing import Any

from config.database import database_config

POSTGRES = "postgres://user:p%40ss%2Fw%23rd@db.example.com:6432/shop"


def postgres(**options: Any) -> dict[str, Any]:
    return database_config(POSTGRES, **{"pool_size": 0, "statement_timeout": 0, "pgbouncer": False} | options)


def test_database_url_parts_are_unquoted() -> None:
    config = postgres()
    assert config["ENGINE"] == "django.db.backends.postgresql"
    parts = [config[name] for name in ("NAME", "USER", "PASSWORD", "HOST", "PORT")]
    assert parts == ["shop", "user", "p@ss/w#rd", "db.example.com", 6432]


def test_persistent_connections_are_checked_without_a_pool() -> None:
    config = postgres()
    assert (config["CONN_MAX_AGE"], config["CONN_HEALTH_CHECKS"]) == (60, True)
    assert config["OPTIONS"]["connect_timeout"] == 5
    assert "pool" not in config["OPTIONS"]


def test_pool_replaces_persistent_connections() -> None:
    config = postgres(pool_size=7)
    assert config["OPTIONS"]["pool"] == {"min_size": 1, "max_size": 7, "timeout": 3, "reconnect_timeout": 5}
    assert config["CONN_MAX_AGE"] == 0


def test_statement_timeout_is_set() -> None:
    assert postgres(statement_timeout=15_000)["OPTIONS"]["options"] == "-c statement_timeout=15000"
    config = database_config(
        f"{POSTGRES}?options=-c%20lock_timeout%3D1", pool_size=0, pgbouncer=False, statement_timeout=2
    )
    assert config["OPTIONS"]["options"] == "-c statement_timeout=2 -c lock_timeout=1"


def test_answer_timeout_selects_the_backend_with_timeouts() -> None:
    config = postgres(answer_timeout=20)
    assert config["ENGINE"] == "infrastructure.database.postgresql"
    assert config["OPTIONS"]["answer_timeout"] == 20


def test_pgbouncer_disables_unsupported_options() -> None:
    config = postgres(statement_timeout=15_000, pgbouncer=True)
    assert config["DISABLE_SERVER_SIDE_CURSORS"] is True
    assert "options" not in config["OPTIONS"]
    assert postgres()["DISABLE_SERVER_SIDE_CURSORS"] is False


def test_database_password_may_be_a_separate_variable() -> None:
    options: dict[str, Any] = {"pool_size": 0, "pgbouncer": False, "statement_timeout": 0, "password": "p@ss"}
    assert database_config(POSTGRES, **options)["PASSWORD"] == "p@ss/w#rd"
    assert database_config("postgres://user@db.example.com/shop", **options)["PASSWORD"] == "p@ss"


def test_sslmode_of_the_url_overrides_the_variable() -> None:
    options: dict[str, Any] = {
        "pool_size": 0,
        "pgbouncer": False,
        "statement_timeout": 0,
        "sslmode": "require",
    }
    assert database_config(POSTGRES, **options)["OPTIONS"]["sslmode"] == "require"
    assert database_config(f"{POSTGRES}?sslmode=disable", **options)["OPTIONS"]["sslmode"] == "disable"
