"""Flower configuration: `celery --app config.celery flower --conf=config/flower.py --logging=none`.

https://flower.readthedocs.io/en/latest/config.html
"""

from typing import Any

from config.celery import app
from infrastructure.logging.scrub import redact_error

# Flower inspects the queues itself, and supports only `Queue` objects and transports of kombu.
app.conf.task_queues = list(app.amqp.queues.values())
# % if "durable_tasks" in cookiecutter.__features
app.amqp.Connection.resolve_aliases["infrastructure.durable_tasks.transport:Transport"] = "redis"
# % endif
# Path prefix at the reverse proxy.
url_prefix = "flower"
# Permission to view tasks does not include stopping workers.
read_only = True
# Number of tasks kept, in memory only.
max_tasks = 10_000


def format_task(task: Any) -> Any:
    """Hide arguments and results, redact errors."""
    task.args = task.kwargs = task.result = None
    for name in ("exception", "traceback"):
        if text := getattr(task, name):
            setattr(task, name, redact_error(text))
    return task
