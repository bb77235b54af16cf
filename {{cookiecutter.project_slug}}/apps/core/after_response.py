"""Work that a response must not wait for, in the process that answered.

A response that takes longer when a mail is sent tells who has an account. For work that must not be lost use
a task queue.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from functools import partial

import structlog

Job = Callable[[], object]

logger = structlog.get_logger(__name__)

_jobs: ContextVar[list[Job] | None] = ContextVar("jobs", default=None)


def after_response(job: Job) -> None:
    """Run a job once the response is sent, or at once where no request is answered (a command, a task).

    It runs with the language and the log context of the request. What it raises is logged: nobody waits for
    it any more.
    """
    jobs = _jobs.get()
    if jobs is None:
        _run(job)
    else:
        jobs.append(partial(copy_context().run, _run, job))


@contextmanager
def collected_jobs() -> Iterator[list[Job]]:
    """Collect the jobs of a request, for whoever knows when its response is sent."""
    jobs: list[Job] = []
    token = _jobs.set(jobs)
    try:
        yield jobs
    finally:
        _jobs.reset(token)


def _run(job: Job) -> None:
    try:
        job()
    except Exception:
        logger.exception("job_failed")
