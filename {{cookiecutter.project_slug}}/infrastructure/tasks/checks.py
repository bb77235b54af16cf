"""System checks of the task settings, and the health check of the broker.

https://docs.djangoproject.com/en/stable/topics/checks/
"""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register  # noqa: A004 - its name there
from django.core.exceptions import ImproperlyConfigured

from infrastructure.monitoring.health import CHECK_SECONDS

NO_BROKER = "CELERY_BROKER_URL names no broker: tasks run where they are queued, without a worker or beat."
# `retry_backoff_max` of the tasks.
LONGEST_RETRY = 300


@register()
def check_visibility_timeout(**_kwargs: Any) -> list[CheckMessage]:
    """Check that the visibility timeout exceeds all task durations, else running tasks are redelivered."""
    longest = max(settings.CELERY_TASK_TIME_LIMIT, LONGEST_RETRY)
    if longest < settings.VISIBILITY_TIMEOUT:
        return []
    message = f"CELERY_VISIBILITY_TIMEOUT: a task may take or wait {longest} seconds, this must be more"
    return [Error(message, id="tasks.E002")]


@register(Tags.security, deploy=True)
def check_database_number(**_kwargs: Any) -> list[CheckMessage]:
    """Check that cache and broker use different databases, as `cache.clear()` flushes the whole database."""
    cache = settings.CACHES["default"].get("LOCATION", "")
    if not cache or cache.partition("?")[0] != settings.CELERY_BROKER_URL.partition("?")[0]:
        return []
    hint = "Give them different numbers, such as redis://localhost:6379/1, or better different servers."
    return [Warning("CELERY_BROKER_URL and REDIS_URL name one database.", hint=hint, id="tasks.W001")]


def require_broker() -> None:
    """Raise ImproperlyConfigured if there is no broker, as a worker or beat would never receive anything."""
    if settings.CELERY_TASK_ALWAYS_EAGER:
        raise ImproperlyConfigured(NO_BROKER)


def check_broker() -> None:
    """Raise kombu's OperationalError if the broker is unavailable."""
    from config.celery import app  # noqa: PLC0415 - imports Celery, only needed to queue tasks

    # Shorter timeouts than for publishing, for a broker that accepts connections but hangs.
    timeouts = {"socket_connect_timeout": CHECK_SECONDS, "socket_timeout": CHECK_SECONDS}
    with app.connection_for_write() as connection:
        connection.transport_options = (connection.transport_options or {}) | timeouts
        connection.ensure_connection(max_retries=0, timeout=CHECK_SECONDS)
