"""Structured logs on standard error; commands print to standard output.

https://www.structlog.org/en/stable/standard-library.html
"""

import logging
import sys
from typing import Any

import structlog
from structlog.typing import Processor

from config.env import env
from infrastructure.logging.scrub import redact, scrub_event

LOG_LEVEL: str = env.choice("LOG_LEVEL", "DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL", default="INFO")
LOG_SQL = env.boolean("LOG_SQL", default=LOG_LEVEL == "DEBUG")

_processors: list[Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    redact,
]
structlog.configure(
    processors=[
        structlog.stdlib.filter_by_level,
        structlog.stdlib.PositionalArgumentsFormatter(),
        *_processors,
        structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
    ],
    logger_factory=structlog.stdlib.LoggerFactory(),
    wrapper_class=structlog.stdlib.BoundLogger,
    cache_logger_on_first_use=True,
)

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "json": {
            "()": structlog.stdlib.ProcessorFormatter,
            "foreign_pre_chain": _processors,
            "processors": [
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                # Local variables may contain passwords.
                structlog.processors.ExceptionRenderer(
                    structlog.tracebacks.ExceptionDictTransformer(show_locals=False),
                ),
                scrub_event,
                structlog.processors.JSONRenderer(),
            ],
        },
        "console": {
            "()": structlog.stdlib.ProcessorFormatter,
            "foreign_pre_chain": _processors,
            "processors": [
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.dev.ConsoleRenderer(
                    colors=sys.stderr.isatty(),
                    exception_formatter=structlog.dev.plain_traceback,
                ),
            ],
        },
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "console"}},
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
    "loggers": {
        # Logs emails and IP addresses; `apps.users` logs lockouts without them.
        "axes": {"level": "CRITICAL"},
        "django": {"level": LOG_LEVEL},
        # SQL may contain personal data; `LOG_SQL` enables it in development.
        "django.db.backends": {"level": "INFO"},
        "django.db.backends.schema": {"level": LOG_LEVEL},
        # Logs each source file at DEBUG.
        "django.utils.autoreload": {"level": "INFO"},
        # They log query strings and headers; `apps.core.http_client` logs requests without them.
        "httpcore2": {"level": "WARNING"},
        "httpx2": {"level": "WARNING"},
        # Duplicates the request log, which includes tracebacks.
        "django.request": {"level": "CRITICAL"},
        "django.server": {"level": "ERROR", "handlers": ["console"], "propagate": False},
    },
}

# https://django-structlog.readthedocs.io/en/latest/configuration.html
DJANGO_STRUCTLOG_STATUS_4XX_LOG_LEVEL = logging.INFO
# The default, given because a missing setting costs an exception per request.
DJANGO_STRUCTLOG_STATUS_2XX_LOG_LEVEL = logging.INFO
