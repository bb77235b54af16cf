"""What Flower shows: `celery --app config.celery flower --conf=config/flower.py --logging=none`.

https://flower.readthedocs.io/en/latest/config.html
"""

from typing import Any

from kombu import Connection

from config.celery import app
from infrastructure.logging.scrub import without_persons

# It looks into the queues by itself: it knows the brokers of kombu, and queues that are no text.
Connection.resolve_aliases["infrastructure.tasks.transport:Transport"] = "redis"
app.conf.task_queues = list(app.amqp.queues.values())
# The path that the proxy passes on.
url_prefix = "flower"
# It looks on: who may see tasks may not stop workers.
read_only = True
# The newest, kept in memory only.
max_tasks = 10_000


def format_task(task: Any) -> Any:
    """Show errors as dead letters do, and no results. Arguments are not sent, see `Task.apply_async`."""
    task.result = None
    for name in ("exception", "traceback"):
        if text := getattr(task, name):
            setattr(task, name, without_persons(text))
    return task
