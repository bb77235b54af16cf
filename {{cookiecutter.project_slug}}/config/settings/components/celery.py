"""Tasks: broker and results on Redis; without one they run where they are queued.

https://docs.celeryq.dev/en/stable/userguide/configuration.html
"""

import ssl
from typing import Any

from config.env import Form, RedisUrl, env
from config.redis import with_password
from config.settings.components.i18n import TIME_ZONE
from config.settings.components.logging import LOGGING

_BROKER = Form(rf"memory://.*|redis\+socket://\S+|(?!unix:)(?:{RedisUrl.pattern})", RedisUrl.good)
CELERY_BROKER_URL = with_password(env.text("CELERY_BROKER_URL", form=_BROKER, secret=True)) or "memory://"
# Celery itself reads the variable `CELERY_BROKER_URL` before the setting of this name, but not before these.
CELERY_BROKER_READ_URL = CELERY_BROKER_WRITE_URL = CELERY_BROKER_URL
CELERY_TASK_ALWAYS_EAGER = CELERY_BROKER_URL.startswith("memory:")
CELERY_BROKER_TRANSPORT = None if CELERY_TASK_ALWAYS_EAGER else "infrastructure.tasks.transport:Transport"
CELERY_RESULT_BACKEND = None if CELERY_TASK_ALWAYS_EAGER else CELERY_BROKER_URL
if CELERY_BROKER_URL.startswith("rediss:"):
    CELERY_BROKER_USE_SSL = CELERY_REDIS_BACKEND_USE_SSL = {"ssl_cert_reqs": ssl.CERT_REQUIRED}

# Only what JSON knows: a message that can make any object can run any code.
CELERY_ACCEPT_CONTENT = CELERY_RESULT_ACCEPT_CONTENT = ["json"]
CELERY_TASK_SERIALIZER = CELERY_RESULT_SERIALIZER = "json"
CELERY_TIMEZONE = TIME_ZONE

# A worker that is given several queues empties them in the order of its command line.
CELERY_TASK_QUEUES: dict[str, dict[str, Any]] = {"critical": {}, "default": {}, "bulk": {}}
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_CREATE_MISSING_QUEUES = False
# The queue of each task that is not for the default one, by name or pattern.
CELERY_TASK_ROUTES = {
    "infrastructure.tasks.tasks.mail_deliver": {"queue": "critical"},
    "infrastructure.tasks.tasks.command_run": {"queue": "bulk"},
}

# A message is acknowledged when its task has ended, so a process that is killed loses none.
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
# Counted as a retry: a task that kills its process does not go on doing so.
CELERY_TASK_RETRY_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_SOFT_TIME_LIMIT = 240
CELERY_TASK_TIME_LIMIT = 300

# After this time an unacknowledged message is given to another worker. It must exceed every time limit and
# every delay: a task that waits to be retried is unacknowledged too.
VISIBILITY_TIMEOUT: int = env.integer("CELERY_VISIBILITY_TIMEOUT", default=900, minimum=1)
CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, Any] = {
    "visibility_timeout": VISIBILITY_TIMEOUT,
    "queue_order_strategy": "priority",
    # A server that is gone without a word is noticed, by who publishes and by who consumes.
    "socket_connect_timeout": 2,
    "socket_timeout": 15,
    "socket_keepalive": True,
    "health_check_interval": 15,
    # What a killed worker held is looked for every ten seconds.
    "unacked_restore_interval": 10,
    # A worker that is killed while it looks holds up the others for so long, not for five minutes.
    "unacked_mutex_expire": 30,
    "unacked_restore_throttle": 1,
}
CELERY_REDIS_SOCKET_CONNECT_TIMEOUT = 2
CELERY_REDIS_SOCKET_TIMEOUT = 15
CELERY_REDIS_SOCKET_KEEPALIVE = True

# Somebody waits for what is published: a few seconds of a broker that restarts are bridged, not more.
CELERY_TASK_PUBLISH_RETRY_POLICY = {
    "max_retries": 4,
    "interval_start": 0.2,
    "interval_step": 0.5,
    "interval_max": 2,
}
# A worker waits for its broker as long as it takes.
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
# What a task has begun it ends, also when its broker is away; it comes again, and its key says that it was
# done.
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False

# Results are kept for tasks that ask for it (`ignore_result=False`), for an hour.
CELERY_TASK_IGNORE_RESULT = True
CELERY_RESULT_EXPIRES = 3600

CELERY_WORKER_CONCURRENCY: int | None = env.integer("CELERY_CONCURRENCY", default=0) or None
# A process is replaced after so many tasks, or when it holds so many KiB: bounds what a leak can take.
CELERY_WORKER_MAX_TASKS_PER_CHILD: int | None = env.integer("CELERY_MAX_TASKS", default=10_000) or None
CELERY_WORKER_MAX_MEMORY_PER_CHILD: int | None = (
    env.integer("CELERY_MAX_MEMORY", default=200, maximum=2**20) * 1024 or None
)
# SIGTERM lets tasks end. SIGQUIT gives them this long and hands the rest back to the queue.
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 20.0
CELERY_WORKER_ENABLE_SOFT_SHUTDOWN_ON_IDLE = True
CELERY_WORKER_REDIRECT_STDOUTS = False
CELERY_WORKER_CONSUMER = "infrastructure.tasks.consumer:Consumer"

# Where the worker and beat say that they are alive, see infrastructure/tasks/probe.py.
HEARTBEAT_DIR: str = env.path("CELERY_HEARTBEAT_DIR", ".")

CELERY_BEAT_SCHEDULER = "infrastructure.tasks.scheduler:DatabaseScheduler"
CELERY_BEAT_MAX_LOOP_INTERVAL = 5
# After this time without a sign of life another beat fires.
BEAT_LEASE_SECONDS = 30
# What runs by itself: by a cron expression, in TIME_ZONE, or a timedelta.
CELERY_BEAT_SCHEDULE: dict[str, dict[str, Any]] = {
    name: {"task": "infrastructure.tasks.tasks.command_run", "schedule": cron, "args": [name]}
    for name, cron in {
        "replay_unpublished": "* * * * *",
        "clearsessions": "10 3 * * *",
        "purge_log_ins": "20 3 * * *",
        "purge_failed_log_ins": "30 * * * *",
        "purge_unverified_users": "40 3 * * *",
        "purge_tasks": "50 3 * * *",
        # % if "files" in cookiecutter.__features
        "files_cleanup": "10 4 * * *",
        # % endif
        # % if "notifications" in cookiecutter.__features
        "purge_notifications": "20 4 * * *",
        # % endif
    }.items()
}

LOGGING["loggers"] |= {
    # Where tasks run at once, it says which failed; a worker has lines of its own for what they say more.
    "celery.app.trace": {"level": "WARNING"},
    "celery.worker.strategy": {"level": "WARNING"},
}
