"""Celery with Redis as broker and result backend; without a broker, tasks run eagerly.

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
# Celery prefers the environment variable `CELERY_BROKER_URL` to the setting of this name, but not to these.
CELERY_BROKER_READ_URL = CELERY_BROKER_WRITE_URL = CELERY_BROKER_URL
CELERY_TASK_ALWAYS_EAGER = CELERY_BROKER_URL.startswith("memory:")
CELERY_RESULT_BACKEND = None if CELERY_TASK_ALWAYS_EAGER else CELERY_BROKER_URL
if CELERY_BROKER_URL.startswith("rediss:"):
    CELERY_BROKER_USE_SSL = CELERY_REDIS_BACKEND_USE_SSL = {"ssl_cert_reqs": ssl.CERT_REQUIRED}

# Base class of tasks, with `delay_on_commit()`.
TASK_CLASS = "celery.contrib.django.task:DjangoTask"
# JSON only: unpickling a forged message could run any code.
CELERY_ACCEPT_CONTENT = CELERY_RESULT_ACCEPT_CONTENT = ["json"]
CELERY_TASK_SERIALIZER = CELERY_RESULT_SERIALIZER = "json"
CELERY_TIMEZONE = TIME_ZONE

# A worker with several queues processes them in the order of its command line.
CELERY_TASK_QUEUES: dict[str, dict[str, Any]] = {"critical": {}, "default": {}, "bulk": {}}
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_CREATE_MISSING_QUEUES = False
# Queues by task name or pattern; other tasks use the default queue.
CELERY_TASK_ROUTES = {
    "apps.core.tasks.mail_deliver": {"queue": "critical"},
    "infrastructure.tasks.tasks.command_run": {"queue": "bulk"},
}

# Acknowledge messages after the task, so that a killed process loses none.
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
# Counts as a retry, so that a task that crashes its process is not redelivered forever.
CELERY_TASK_RETRY_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_SOFT_TIME_LIMIT = 240
CELERY_TASK_TIME_LIMIT = 300

# Unacknowledged messages are redelivered after this time. It must exceed all time limits and retry delays: a
# task that waits for a retry is unacknowledged too.
VISIBILITY_TIMEOUT: int = env.integer("CELERY_VISIBILITY_TIMEOUT", default=900, minimum=1)
CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, Any] = {
    "visibility_timeout": VISIBILITY_TIMEOUT,
    "queue_order_strategy": "priority",
    # Detect dead connections, both when publishing and when consuming.
    "socket_connect_timeout": 2,
    "socket_timeout": 15,
    "socket_keepalive": True,
    "health_check_interval": 15,
    # Look for messages of killed workers every ten seconds.
    "unacked_restore_interval": 10,
    # Lock of that search; if its holder is killed, the others wait for the expiry (by default five minutes).
    "unacked_mutex_expire": 30,
    "unacked_restore_throttle": 1,
}
CELERY_REDIS_SOCKET_CONNECT_TIMEOUT = 2
CELERY_REDIS_SOCKET_TIMEOUT = 15
CELERY_REDIS_SOCKET_KEEPALIVE = True

# Retry publishing only for a few seconds (a restart of the broker), as the caller waits.
CELERY_TASK_PUBLISH_RETRY_POLICY = {
    "max_retries": 4,
    "interval_start": 0.2,
    "interval_step": 0.5,
    "interval_max": 2,
}
# A worker waits for its broker indefinitely.
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
# Running tasks continue while the broker is unavailable. They are redelivered, so they must be idempotent.
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False

# Results are stored only for tasks with `ignore_result=False`, for an hour.
CELERY_TASK_IGNORE_RESULT = True
CELERY_RESULT_EXPIRES = 3600

CELERY_WORKER_CONCURRENCY: int | None = env.integer("CELERY_CONCURRENCY", default=0) or None
# Pool processes restart after this many tasks, or above this memory (KiB), which bounds memory leaks.
CELERY_WORKER_MAX_TASKS_PER_CHILD: int | None = env.integer("CELERY_MAX_TASKS", default=10_000) or None
CELERY_WORKER_MAX_MEMORY_PER_CHILD: int | None = (
    env.integer("CELERY_MAX_MEMORY", default=200, maximum=2**20) * 1024 or None
)
# SIGTERM waits for running tasks. SIGQUIT waits this long and then requeues the rest.
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 20.0
CELERY_WORKER_ENABLE_SOFT_SHUTDOWN_ON_IDLE = True
CELERY_WORKER_REDIRECT_STDOUTS = False

# Folder of the heartbeat files, see infrastructure/tasks/healthcheck.py, and of the schedule file of beat.
HEARTBEAT_DIR: str = env.path("CELERY_HEARTBEAT_DIR", ".")

CELERY_BEAT_SCHEDULER = "infrastructure.tasks.heartbeats:Scheduler"
CELERY_BEAT_SCHEDULE_FILENAME = f"{HEARTBEAT_DIR}/.celery-schedule"
CELERY_BEAT_MAX_LOOP_INTERVAL = 5
# Periodic tasks: by a cron expression in TIME_ZONE, or a timedelta.
CELERY_BEAT_SCHEDULE: dict[str, dict[str, Any]] = {
    name: {"task": "infrastructure.tasks.tasks.command_run", "schedule": cron, "args": [name]}
    for name, cron in {
        "clearsessions": "10 3 * * *",
        "purge_sessions": "20 3 * * *",
        "purge_failed_logins": "30 * * * *",
        "purge_unverified_users": "40 3 * * *",
        # % if "blog" in cookiecutter.__features
        "publish_posts": "* * * * *",
        # % endif
        # % if "files" in cookiecutter.__features
        "purge_files": "10 4 * * *",
        "process_files": "*/10 * * * *",
        # % endif
        # % if "mqtt" in cookiecutter.__features
        "purge_messages": "30 4 * * *",
        # % endif
        # % if "notifications" in cookiecutter.__features
        "purge_notifications": "20 4 * * *",
        "send_digests": "*/5 * * * *",
        # % endif
        # % if "reports" in cookiecutter.__features
        "purge_events": "30 4 * * *",
        "send_reports": "0 6 * * *",
        # % endif
        # % if "search" in cookiecutter.__features
        "purge_search_terms": "30 4 * * *",
        # % endif
        # % if "shop" in cookiecutter.__features
        "purge_carts": "30 4 * * *",
        "reconcile_orders": "* * * * *",
        "send_shop_reminders": "15 * * * *",
        # % endif
    }.items()
}

LOGGING["loggers"] |= {
    # Failures of eager tasks; in workers, django-structlog logs the task events.
    "celery.app.trace": {"level": "WARNING"},
    "celery.worker.strategy": {"level": "WARNING"},
}
