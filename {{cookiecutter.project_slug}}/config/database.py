"""Turns a database URL into Django's settings for it."""

from typing import Any

import dj_database_url

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


def database_config(
    url: str, *, pool_size: int, pgbouncer: bool, statement_timeout: int, password: str = ""
) -> dict[str, Any]:
    """Settings of one database.

    Args:
        url: as dj-database-url reads it.
        pool_size: connections that Django's pool holds at most in each process; 0 keeps one persistent
            connection a thread, with health checks. PostgreSQL only.
        pgbouncer: a PgBouncer in transaction mode stands in between: no server-side cursors, no start-up
            parameters.
        statement_timeout: milliseconds after which PostgreSQL cuts a statement off; 0 never does.
        password: for PostgreSQL, where the URL has none.

    Raises:
        dj_database_url.ParseError: the URL cannot be read.
        dj_database_url.UnknownSchemeError: no backend is known for its scheme.
    """
    config: dict[str, Any] = {**dj_database_url.parse(url)}
    options = config.setdefault("OPTIONS", {})
    if config["ENGINE"].endswith("sqlite3"):
        return config | {"OPTIONS": SQLITE_OPTIONS | options}
    if not config["ENGINE"].endswith("postgresql"):
        return config

    config["ENGINE"] = "apps.core.postgresql"
    config["PASSWORD"] = config["PASSWORD"] or password
    for name, value in POSTGRESQL_OPTIONS.items():
        options.setdefault(name, value)
    if pgbouncer:
        config["DISABLE_SERVER_SIDE_CURSORS"] = True
    elif statement_timeout:
        # First, so that what the URL says counts.
        options["options"] = f"-c statement_timeout={statement_timeout} {options.get('options', '')}".strip()
        options.setdefault("answer_timeout", statement_timeout / 1000 + ANSWER_MARGIN_SECONDS)
    if pool_size > 0:
        options["pool"] = {
            "min_size": 1,
            "max_size": pool_size,
            "timeout": POOL_TIMEOUT_SECONDS,
            "reconnect_timeout": POOL_RECONNECT_SECONDS,
        }
        return config | {"CONN_HEALTH_CHECKS": True}
    return config | {"CONN_MAX_AGE": PERSISTENT_CONNECTION_SECONDS, "CONN_HEALTH_CHECKS": True}
