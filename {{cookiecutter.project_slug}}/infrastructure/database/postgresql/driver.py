"""Driver module of the database backend: psycopg, with connections that have a timeout."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Self, TypeVar

import psycopg
from psycopg import *  # noqa: F403 - the PEP 249 names that Django reads from this module
from psycopg import OperationalError
from psycopg.pq import TransactionStatus

from infrastructure.database.postgresql import seconds_left

if TYPE_CHECKING:
    from psycopg.abc import PQGen

Result = TypeVar("Result")


class Connection(psycopg.Connection[Any]):  # type: ignore[no-redef] # replaces psycopg's own
    """Connection that closes itself when a response exceeds the timeout or the deadline."""

    answer_timeout: float | None = None

    @classmethod
    def connect(cls, conninfo: str = "", *, answer_timeout: float | str | None = None, **kwargs: Any) -> Self:
        """Connect.

        Args:
            conninfo: connection string of psycopg.
            answer_timeout: timeout of each response in seconds; None for no timeout.
            kwargs: passed to psycopg.

        Raises:
            OperationalError: the server is unreachable, or the deadline has passed.
        """
        left = seconds_left()
        if left == 0:
            raise OperationalError("no time is left to connect")
        if left is not None:
            given = kwargs.get("connect_timeout")
            kwargs["connect_timeout"] = math.ceil(left if given is None else min(left, float(given)))
        connection = super().connect(conninfo, **kwargs)
        connection.answer_timeout = None if answer_timeout is None else float(answer_timeout)
        return connection

    def wait(self, gen: PQGen[Result], interval: float = 0.1, timeout: float | None = None) -> Result:
        limits = [limit for limit in (timeout, self.answer_timeout, seconds_left()) if limit is not None]
        try:
            return super().wait(gen, interval, min(limits, default=None))
        except OperationalError as error:
            # The response is still pending: the next query would read it as its own.
            if timeout is None and self.pgconn.transaction_status == TransactionStatus.ACTIVE:
                self.pgconn.finish()
                raise OperationalError("the server did not answer in time") from error
            raise


connect = Connection.connect
