"""Work that a response must not wait for, in threads of the process that answers.

A response that takes longer when a mail is sent tells who has an account. A job is lost when the process is
killed; for work that must not be lost use a task queue.
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

# Its threads start with the first job, so not before a server has forked. At its end, Python waits for them.
_workers = ThreadPoolExecutor(max_workers=2, thread_name_prefix="background")


def in_background(job: Job) -> None:
    """Run a job soon, with the language and the log context of the caller.

    What it raises is logged: nobody waits for it. With `BACKGROUND_THREADS` off it runs at once.
    """
    if settings.BACKGROUND_THREADS:
        _workers.submit(copy_context().run, _run_in_thread, job, get_language())
    else:
        _run(job)


def _run_in_thread(job: Job, language: str | None) -> None:
    try:
        # Django keeps the language by thread, also where the context is copied.
        with override(language):
            _run(job)
    finally:
        # A thread has connections of its own, which no request closes.
        close_old_connections()


def _run(job: Job) -> None:
    try:
        job()
    except Exception:
        logger.exception("job_failed")
