"""Django's PostgreSQL backend with client-side timeouts; `ENGINE` in `config/database.py`."""

from typing import Any

from django.db import DEFAULT_DB_ALIAS
from django.db.backends.postgresql import base

from infrastructure.database.postgresql import answer_within, driver

# Timeout of a connection health check.
CHECK_SECONDS = 3


class DatabaseWrapper(base.DatabaseWrapper):
    Database = driver

    def __init__(self, settings_dict: dict[str, Any], alias: str = DEFAULT_DB_ALIAS) -> None:
        super().__init__(settings_dict, alias)
        if pool := settings_dict["OPTIONS"].get("pool"):
            pool.setdefault("connection_class", driver.Connection)

    def is_usable(self) -> bool:
        with answer_within(CHECK_SECONDS):
            return super().is_usable()

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Connect, or get a connection from the pool, which runs its health check here."""
        if self.pool is None:
            return super().get_new_connection(conn_params)
        with answer_within(CHECK_SECONDS):
            return super().get_new_connection(conn_params)
