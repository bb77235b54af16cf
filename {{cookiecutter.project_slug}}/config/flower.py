"""Flower configuration: `celery --app config.celery flower --conf=config/flower.py --logging=none`.

https://flower.readthedocs.io/en/latest/config.html
"""

from typing import Any

from kombu import Connection

from config.celery import app
from infrastructure.logging.scrub import redact_error

# Flower inspects the queues itself, and supports only transports of kombu and `Queue` objects.
Connection.resolve_aliases["infrastructure.tasks.transport:Transport"] = "redis"
app.conf.task_queues = list(app.amqp.queues.values())
# Path prefix at the reverse proxy.
url_prefix = "flower"
# Permission to view tasks does not include stopping workers.
read_only = True
# Number of tasks kept, in memory only.
max_tasks = 10_000


def format_task(task: Any) -> Any:
    """Redact errors as in dead letters and hide results. Arguments are not sent, see `Task.apply_async`."""
    task.result = None
    for name in ("exception", "traceback"):
        if text := getattr(task, name):
            setattr(task, name, redact_error(text))
    return task
