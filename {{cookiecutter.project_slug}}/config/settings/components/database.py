"""Databases by URL: PostgreSQL with a pool, PgBouncer or persistent connections; SQLite by default."""

from functools import partial
from typing import Any
from urllib.parse import quote

from config import database
from config.env import BASE_DIR, env

_sqlite = f"sqlite:///{quote((BASE_DIR / 'db.sqlite3').as_posix())}"
_config = partial(
    database.database_config,
    password=env.text("PGPASSWORD", secret=True),
    sslmode=env.choice("PGSSLMODE", *database.SSL_MODES, default=""),
    pool_size=env.integer("DB_POOL_SIZE", default=0, maximum=1000),
    pgbouncer=env.boolean("DB_PGBOUNCER", default=False),
    statement_timeout=env.integer("DB_STATEMENT_TIMEOUT", default=15_000),
    answer_timeout=env.integer("DB_ANSWER_TIMEOUT", default=0),
)
_replica: dict[str, Any] = env.parsed("DATABASE_REPLICA_URL", _config, {}, secret=True)

DATABASES = {"default": env.parsed("DATABASE_URL", _config, _config(_sqlite), secret=True)}
DATABASE_ROUTERS: list[str] = []

if _replica:
    DATABASES["replica"] = _replica | {"TEST": {"MIRROR": "default"}}
    DATABASE_ROUTERS = ["infrastructure.database.replica.ReplicaRouter"]

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
