"""Databases by URL: SQLite without one, PostgreSQL with pool, PgBouncer or persistent connections."""

from urllib.parse import quote

from config.database import database_config
from config.env import BASE_DIR, env

_sqlite = f"sqlite:///{quote((BASE_DIR / 'db.sqlite3').as_posix())}"
_options = {
    "password": env("PGPASSWORD", default=""),
    "pool_size": env("DB_POOL_SIZE", default=0, cast=int),
    "pgbouncer": env("DB_PGBOUNCER", default=False, cast=bool),
    "statement_timeout": env("DB_STATEMENT_TIMEOUT", default=15_000, cast=int),
}
_replica_url: str = env("DATABASE_REPLICA_URL", default="")

DATABASES = {"default": database_config(env("DATABASE_URL", default="") or _sqlite, **_options)}
DATABASE_ROUTERS: list[str] = []

if _replica_url:
    DATABASES["replica"] = database_config(_replica_url, **_options) | {"TEST": {"MIRROR": "default"}}
    DATABASE_ROUTERS = ["apps.core.routers.ReplicaRouter"]

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
