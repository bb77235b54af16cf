"""Work that a response must not wait for, in the process that answered.

A response that takes longer when a mail is sent tells who has an account. For work that must not be lost use
a task queue.
"""

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

import structlog
from django.core.signals import request_finished, request_started
from django.dispatch import receiver

Job = Callable[[], object]

logger = structlog.get_logger(__name__)

_jobs: ContextVar[list[Job] | None] = ContextVar("jobs", default=None)


def after_response(job: Job) -> None:
    """Run a job once the response is sent, or at once where no request is answered (a command, a task).

    What it raises is logged: nobody waits for it any more.
    """
    jobs = _jobs.get()
    if jobs is None:
        _run(job)
    else:
        jobs.append(job)


@receiver(request_started)
def _start(**_kwargs: Any) -> None:
    _jobs.set([])


@receiver(request_finished)
def _finish(**_kwargs: Any) -> None:
    jobs = _jobs.get() or []
    _jobs.set(None)
    for job in jobs:
        _run(job)


def _run(job: Job) -> None:
    try:
        job()
    except Exception:
        logger.exception("job_failed")
