"""Background jobs in a thread pool of the server process.

Sending mail during the request would change the response time and so allow account enumeration. Jobs are lost
when the process is killed; use a task queue for work that must not be lost.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context

import structlog
from django.conf import settings
from django.db import close_old_connections
from django.utils.translation import get_language, override

Job = Callable[[], object]

logger = structlog.get_logger(__name__)

# Threads start with the first job, that is after the server has forked. Python joins them at exit.
_workers = ThreadPoolExecutor(max_workers=2, thread_name_prefix="background")


def in_background(job: Job) -> None:
    """Run a job in the thread pool, with the language and the log context of the caller.

    Exceptions are logged. With `BACKGROUND_THREADS` off the job runs synchronously.
    """
    if settings.BACKGROUND_THREADS:
        _workers.submit(copy_context().run, _run_in_thread, job, get_language())
    else:
        _run(job)


def _run_in_thread(job: Job, language: str | None) -> None:
    try:
        # Django's active language is thread-local; copying the context does not copy it.
        with override(language):
            _run(job)
    finally:
        # The thread has its own connections, which no `request_finished` signal closes.
        close_old_connections()


def _run(job: Job) -> None:
    try:
        job()
    except Exception:
        logger.exception("job_failed")
