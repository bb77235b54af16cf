from django.apps import AppConfig
from django.conf import settings


class CoreConfig(AppConfig):
    name = "apps.core"

    def ready(self) -> None:
        from apps.core import checks  # noqa: F401, PLC0415 - registers checks, needs the settings

        if settings.SENTRY_DSN:
            from infrastructure.monitoring import sentry  # noqa: PLC0415 - costs time and memory

            sentry.start()
