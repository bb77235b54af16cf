"""psycopg, with connections that give up waiting: the module that Django's backend connects by."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Self, TypeVar

import psycopg
from psycopg import *  # noqa: F403 - the names of PEP 249, which Django looks up in this module
from psycopg import OperationalError
from psycopg.pq import TransactionStatus

from infrastructure.database.postgresql import seconds_left

if TYPE_CHECKING:
    from psycopg.abc import PQGen

Result = TypeVar("Result")


class Connection(psycopg.Connection[Any]):  # type: ignore[no-redef] # in place of its own
    """Is closed when the server takes longer to answer than it may."""

    answer_timeout: float | None = None

    @classmethod
    def connect(cls, conninfo: str = "", *, answer_timeout: float | str | None = None, **kwargs: Any) -> Self:
        """Connect.

        Args:
            conninfo: as psycopg reads it.
            answer_timeout: seconds that any answer may take; None for as long as it takes.
            kwargs: psycopg's.

        Raises:
            OperationalError: there is no server, or no time left.
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
            # Without an answer, which a failure is too, the next one would be taken for it.
            if timeout is None and self.pgconn.transaction_status == TransactionStatus.ACTIVE:
                self.pgconn.finish()
                raise OperationalError("the server did not answer in time") from error
            raise


connect = Connection.connect
