"""Queues a task every second and prints how many seconds it took: `python -m load.tasks`, until SIGTERM."""

import os
import sys
import time

import django

PATIENCE = 10.0


def seconds_of_a_task() -> float:
    """How long a task takes from being queued to its result; `PATIENCE` if no worker took it."""
    from celery.exceptions import TimeoutError as Unanswered  # noqa: PLC0415 - Celery is heavy

    from config.celery import app  # noqa: PLC0415 - after django.setup()

    # One of Celery's own, which gives back what it got. It waits in the queue of most tasks.
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
