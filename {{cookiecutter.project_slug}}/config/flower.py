"""What Flower shows: `celery --app config.celery flower --conf=config/flower.py --logging=none`.

https://flower.readthedocs.io/en/latest/config.html
"""

from typing import Any

from kombu import Connection

from apps.core.logging import without_persons

# It looks for the queues by itself, and knows only the brokers of kombu.
Connection.resolve_aliases["apps.tasks.transport:Transport"] = "redis"
# The path that the proxy passes on.
url_prefix = "flower"
# It looks on: who may see tasks may not stop workers.
read_only = True
# The newest, kept in memory only.
max_tasks = 10_000


def format_task(task: Any) -> Any:
    """Errors as dead letters show them, and no results. Arguments are not sent, see `apps.tasks.base`."""
    task.result = None
    for name in ("exception", "traceback"):
        if text := getattr(task, name):
            setattr(task, name, without_persons(text))
    return task
