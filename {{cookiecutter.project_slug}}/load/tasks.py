"""Measurement of task latency: queues a task every second until SIGTERM: `python -m load.tasks`."""

import os
import sys
import time

import django

PATIENCE = 10.0


def seconds_of_a_task() -> float:
    """Return the seconds from queueing a task to its result; `PATIENCE` if no worker runs it."""
    from celery.exceptions import TimeoutError as Unanswered  # noqa: PLC0415 - Celery takes long to import

    from config.celery import app  # noqa: PLC0415 - after django.setup()

    # Built-in task that returns its arguments, in the default queue.
    task = app.tasks["celery.accumulate"]
    begin = time.perf_counter()
    try:
        task.apply_async(("",), ignore_result=False, expires=PATIENCE).get(timeout=PATIENCE)
    except Unanswered:
        return PATIENCE
    return time.perf_counter() - begin


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.development")
    django.setup()
    from config.celery import app  # noqa: PLC0415 - after django.setup()

    if app.conf.task_always_eager:
        return
    while True:
        sys.stdout.write(f"{seconds_of_a_task()}\n")
        sys.stdout.flush()
        time.sleep(1)


if __name__ == "__main__":
    main()
