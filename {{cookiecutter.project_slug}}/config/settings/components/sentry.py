"""Errors go to Sentry where `SENTRY_DSN` says to which project; see docs/sentry.md."""

from config import project
from config.env import env

SENTRY_DSN: str = env("SENTRY_DSN", default="")
# Empty: the last part of `DJANGO_SETTINGS_MODULE`.
SENTRY_ENVIRONMENT: str = env("SENTRY_ENVIRONMENT", default="")
SENTRY_RELEASE: str = env("SENTRY_RELEASE", default=f"{project.NAME}@{project.VERSION}")
SENTRY_SAMPLE_RATE: float = env("SENTRY_SAMPLE_RATE", default=1.0, cast=float)
SENTRY_TRACES_SAMPLE_RATE: float = env("SENTRY_TRACES_SAMPLE_RATE", default=0.0, cast=float)
