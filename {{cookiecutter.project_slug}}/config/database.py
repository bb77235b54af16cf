"""Conversion of a database URL into Django's settings."""

import re
from typing import Any
from urllib.parse import urlsplit

import dj_database_url

from config.env import BASE_DIR

PERSISTENT_CONNECTION_SECONDS = 60
CONNECT_TIMEOUT_SECONDS = 5
# How long a request waits for a connection of the pool before it fails.
POOL_TIMEOUT_SECONDS = 3
# Limits the pool's exponential backoff, so that it reconnects soon after the server is available again.
POOL_RECONNECT_SECONDS = 5

# Detect connections that are dead. https://www.postgresql.org/docs/current/libpq-connect.html
POSTGRESQL_OPTIONS = {
    "connect_timeout": CONNECT_TIMEOUT_SECONDS,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}

# With WAL, writers do not block readers. An immediate transaction waits for the lock instead of failing when
# it upgrades a read lock. https://docs.djangoproject.com/en/stable/ref/databases/#sqlite-notes
SQLITE_OPTIONS = {
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
}
SSL_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
GOOD_URL = (
    "must be a URL such as postgres://user:password@host:5432/name (or postgis://), with special characters "
    "percent-encoded, or sqlite:///file.sqlite3"
)
GOOD_OPTIONS = "?sslmode=require, or DB_POOL_SIZE for a pool"
SCHEMES = {"postgres", "postgresql", "pgsql", "postgis", "sqlite", "spatialite"}
SQLITE_QUERY = {"cached_statements", "init_command", "isolation_level", "timeout", "transaction_mode"}
# Options of Django, in addition to those of libpq.
DJANGO_QUERY = {"assume_role", "currentSchema", "isolation_level", "server_side_binding"}


def database_config(  # noqa: PLR0913 - keyword arguments
    url: str,
    *,
    pool_size: int,
    pgbouncer: bool,
    statement_timeout: int,
    answer_timeout: int = 0,
    password: str = "",
    sslmode: str = "",
) -> dict[str, Any]:
    """Return the entry of `DATABASES` for a URL.

    Args:
        url: URL in the syntax of dj-database-url; SQLite files are relative to the folder of `manage.py`.
        pool_size: maximum connections of Django's pool per process; 0 for one persistent connection per
            thread, with health checks. PostgreSQL only.
        pgbouncer: the server is a PgBouncer in transaction mode: no server-side cursors, no startup
            parameters.
        statement_timeout: `statement_timeout` of PostgreSQL in milliseconds; 0 for none.
        answer_timeout: client-side timeout of each response in seconds; 0 for Django's backend, without one.
        password: password for PostgreSQL if the URL has none.
        sslmode: SSL mode for PostgreSQL if the URL has none.

    Raises:
        ValueError: the URL is invalid; the message does not quote it.
    """
    config = _parse(url)
    options = config["OPTIONS"]
    if not config["ENGINE"].endswith(("postgresql", "postgis")):
        name = config["NAME"]
        config["NAME"] = name if name.startswith((":memory:", "file:")) else str(BASE_DIR / name)
        return config | {"OPTIONS": SQLITE_OPTIONS | options}

    if sslmode:
        options.setdefault("sslmode", sslmode)
    config["PASSWORD"] = config["PASSWORD"] or password
    for name, value in POSTGRESQL_OPTIONS.items():
        options.setdefault(name, value)
    if pgbouncer:
        config["DISABLE_SERVER_SIDE_CURSORS"] = True
    elif statement_timeout:
        # First, so that options of the URL override it.
        options["options"] = f"-c statement_timeout={statement_timeout} {options.get('options', '')}".strip()
    # Django's PostGIS backend does not support this timeout.
    if answer_timeout and config["ENGINE"].endswith("postgresql"):
        config["ENGINE"] = "infrastructure.database.postgresql"
        options["answer_timeout"] = answer_timeout
    if pool_size > 0:
        options["pool"] = {
            "min_size": 1,
            "max_size": pool_size,
            "timeout": POOL_TIMEOUT_SECONDS,
            "reconnect_timeout": POOL_RECONNECT_SECONDS,
        }
        return config | {"CONN_HEALTH_CHECKS": True}
    return config | {"CONN_MAX_AGE": PERSISTENT_CONNECTION_SECONDS, "CONN_HEALTH_CHECKS": True}


def _parse(url: str) -> dict[str, Any]:
    """Parse a URL with dj-database-url; reject URLs that it would misread."""
    try:
        config: dict[str, Any] = {"OPTIONS": {}, **dj_database_url.parse(url)}
        parts = urlsplit(url)
    except ValueError:
        raise ValueError(GOOD_URL) from None
    names = re.findall(r"(\w+)=", parts.query)
    if parts.scheme in {"sqlite", "spatialite"}:
        known = SQLITE_QUERY
        works = url == "sqlite://:memory:" or bool(not parts.netloc and parts.path.strip("/"))
    else:
        known = DJANGO_QUERY | (_libpq_options() if names else set())
        works = bool(re.fullmatch("/[^/@]+", parts.path)) or "service" in names
    works = works and parts.scheme in SCHEMES and re.fullmatch(r"(?:\w+=[^&]+&?)*", parts.query) is not None
    if not works or re.search(r"[#\t\r\n]|%(?![0-9A-Fa-f]{2})", url):
        raise ValueError(GOOD_URL)
    if len(names) > len(known.intersection(names)):
        raise ValueError(f"must have known options after the ?, each once, such as {GOOD_OPTIONS}")
    for name in (*POSTGRESQL_OPTIONS, "timeout"):
        if not re.fullmatch(r"\d+(\.\d+)?", str(config["OPTIONS"].get(name, 0))):
            raise ValueError(f"must have a number as {name}, such as ?{name}=5")
    if config["OPTIONS"].get("sslmode", "prefer") not in SSL_MODES:
        raise ValueError(f"must have as sslmode one of {', '.join(SSL_MODES)}")
    return config


def _libpq_options() -> set[str]:
    from psycopg import pq  # noqa: PLC0415 - only needed for URLs with options

    return {option.keyword.decode() for option in pq.Conninfo.get_defaults()}
