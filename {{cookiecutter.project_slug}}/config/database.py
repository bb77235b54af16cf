"""Turns a database URL into Django's settings for it."""

import re
from typing import Any
from urllib.parse import urlsplit

import dj_database_url

from config.env import BASE_DIR

PERSISTENT_CONNECTION_SECONDS = 60
CONNECT_TIMEOUT_SECONDS = 5
# A request that waits longer for a connection of the pool is better off with an answer that says so.
POOL_TIMEOUT_SECONDS = 3
# By default the pool tries a server that is away ever more seldom, and so finds it late when it is back.
POOL_RECONNECT_SECONDS = 5
# The server cuts a statement off in time, if it lives.
ANSWER_MARGIN_SECONDS = 5

# A server that is gone without a word is noticed. https://www.postgresql.org/docs/current/libpq-connect.html
POSTGRESQL_OPTIONS = {
    "connect_timeout": CONNECT_TIMEOUT_SECONDS,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}

# WAL lets readers go on while one writes; an immediate transaction waits for the lock instead of failing
# when it upgrades. https://docs.djangoproject.com/en/stable/ref/databases/#sqlite-notes
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
# Of Django and of this file; libpq knows more.
DJANGO_QUERY = {"answer_timeout", "assume_role", "currentSchema", "isolation_level", "server_side_binding"}


def database_config(  # noqa: PLR0913 - each by name
    url: str,
    *,
    pool_size: int,
    pgbouncer: bool,
    statement_timeout: int,
    password: str = "",
    sslmode: str = "",
) -> dict[str, Any]:
    """Settings of one database.

    Args:
        url: as dj-database-url reads it; a relative file of SQLite is one beside `manage.py`.
        pool_size: connections that Django's pool holds at most in each process; 0 keeps one persistent
            connection a thread, with health checks. PostgreSQL only.
        pgbouncer: a PgBouncer in transaction mode stands in between: no server-side cursors, no start-up
            parameters.
        statement_timeout: milliseconds after which PostgreSQL cuts a statement off; 0 never does.
        password: for PostgreSQL, where the URL has none.
        sslmode: for PostgreSQL, where the URL has none.

    Raises:
        ValueError: the URL cannot work; the message does not quote it.
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
        # First, so that what the URL says counts.
        options["options"] = f"-c statement_timeout={statement_timeout} {options.get('options', '')}".strip()
        options.setdefault("answer_timeout", statement_timeout / 1000 + ANSWER_MARGIN_SECONDS)
    if config["ENGINE"].endswith("postgresql"):
        config["ENGINE"] = "infrastructure.database.postgresql"
    else:
        # The backend of PostGIS waits for a server that hangs.
        options.pop("answer_timeout", None)
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
    """Read a URL as dj-database-url does, but refuse what it would misread."""
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
    for name in (*POSTGRESQL_OPTIONS, "answer_timeout", "timeout"):
        if not re.fullmatch(r"\d+(\.\d+)?", str(config["OPTIONS"].get(name, 0))):
            raise ValueError(f"must have a number as {name}, such as ?{name}=5")
    if config["OPTIONS"].get("sslmode", "prefer") not in SSL_MODES:
        raise ValueError(f"must have as sslmode one of {', '.join(SSL_MODES)}")
    return config


def _libpq_options() -> set[str]:
    from psycopg import pq  # noqa: PLC0415 - only a URL with options needs it

    return {option.keyword.decode() for option in pq.Conninfo.get_defaults()}
