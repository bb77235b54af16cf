"""PostgreSQL database backend with client-side timeouts, for servers that hang (`DB_ANSWER_TIMEOUT`).

No setting of PostgreSQL covers this case: `statement_timeout` is enforced by the hanging server itself, and
keepalives and `tcp_user_timeout` are acknowledged by its kernel, which still works.

This module does not import the driver: health checks import it in every project.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_deadline: ContextVar[float | None] = ContextVar("database_deadline", default=None)


@contextmanager
def answer_within(seconds: float) -> Iterator[None]:
    """Set a common deadline for all queries inside the block.

    Queries after the deadline raise `OperationalError`. If blocks are nested, the earlier deadline applies.
    """
    end = time.monotonic() + seconds
    outer = _deadline.get()
    token = _deadline.set(end if outer is None else min(end, outer))
    try:
        yield
    finally:
        _deadline.reset(token)


def seconds_left() -> float | None:
    """Return the seconds until the deadline of `answer_within`, 0 after it, None without a deadline."""
    deadline = _deadline.get()
    return None if deadline is None else max(0.0, deadline - time.monotonic())
