"""Checks of the settings for tasks: https://docs.djangoproject.com/en/stable/topics/checks/"""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.core.exceptions import ImproperlyConfigured

NO_BROKER = "CELERY_BROKER_URL names no broker: tasks run where they are queued, without a worker or beat."
SCHEMES = ("memory", "redis", "rediss", "redis+socket")
LONGEST_RETRY = 300


@register()
def check_broker_url(**_kwargs: Any) -> list[CheckMessage]:
    """Delays, order and redelivery are those of Redis. The URL may hold a password: it is not quoted."""
    if urlsplit(settings.CELERY_BROKER_URL).scheme in SCHEMES:
        return []
    return [
        Error(
            "CELERY_BROKER_URL: it must name a Redis, for example: redis://localhost:6379/1", id="tasks.E001"
        )
    ]


@register()
def check_visibility_timeout(**_kwargs: Any) -> list[CheckMessage]:
    """A task that is given to a second worker while the first one has it would run twice."""
    longest = max(settings.CELERY_TASK_TIME_LIMIT, LONGEST_RETRY)
    if longest < settings.VISIBILITY_TIMEOUT:
        return []
    message = f"CELERY_VISIBILITY_TIMEOUT: a task may take or wait {longest} seconds, this must be more"
    return [Error(message, id="tasks.E002")]


def require_broker() -> None:
    """Raises ImproperlyConfigured where a worker or beat would wait for what never comes."""
    if settings.CELERY_TASK_ALWAYS_EAGER:
        raise ImproperlyConfigured(NO_BROKER)
