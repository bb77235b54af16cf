"""Database router: reads of safe requests use the replica, all other queries the primary.

https://docs.djangoproject.com/en/stable/topics/db/multi-db/#using-routers
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.db import DEFAULT_DB_ALIAS, models, transaction

_replica_allowed: ContextVar[bool] = ContextVar("replica_allowed", default=False)


@contextmanager
def replica_allowed(*, allowed: bool) -> Iterator[None]:
    """Route reads in the block to the replica until the first write, or keep them on the primary."""
    token = _replica_allowed.set(allowed)
    try:
        yield
    finally:
        _replica_allowed.reset(token)


class ReplicaRouter:
    """Router that avoids the lagging replica outside safe requests, in transactions, and after writes."""

    def db_for_read(self, model: type[models.Model], **hints: Any) -> str:
        if not _replica_allowed.get() or transaction.get_connection(DEFAULT_DB_ALIAS).in_atomic_block:
            return DEFAULT_DB_ALIAS
        return "replica"

    def db_for_write(self, model: type[models.Model], **hints: Any) -> str:
        _replica_allowed.set(False)
        return DEFAULT_DB_ALIAS

    def allow_relation(self, obj1: models.Model, obj2: models.Model, **hints: Any) -> bool:
        return True

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        return db == DEFAULT_DB_ALIAS
