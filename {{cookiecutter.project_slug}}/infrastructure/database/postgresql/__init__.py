"""Django's backend for PostgreSQL, but for a server that hangs: nothing waits for its answer without end.

No setting of PostgreSQL does that. A statement timeout is kept by the server, which hangs; keep-alives and
`tcp_user_timeout` are answered by its kernel, which does not.

It stands apart from the driver, which a project on SQLite does not load.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_deadline: ContextVar[float | None] = ContextVar("database_deadline", default=None)


@contextmanager
def answer_within(seconds: float) -> Iterator[None]:
    """Have PostgreSQL answer everything that is asked inside within so many seconds, all together.

    What is asked later than that raises `OperationalError`. Inside of another one, the earlier end counts.
    """
    end = time.monotonic() + seconds
    outer = _deadline.get()
    token = _deadline.set(end if outer is None else min(end, outer))
    try:
        yield
    finally:
        _deadline.reset(token)


def seconds_left() -> float | None:
    """Until the end that `answer_within` set, 0 after it; None without one."""
    deadline = _deadline.get()
    return None if deadline is None else max(0.0, deadline - time.monotonic())
