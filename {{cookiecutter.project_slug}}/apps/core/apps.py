from django.apps import AppConfig
from django.conf import settings


class CoreConfig(AppConfig):
    name = "apps.core"

    def ready(self) -> None:
        # These register system checks and signal receivers, and need the settings.
        from apps.core import checks  # noqa: F401, PLC0415
        from infrastructure.database import connection_check  # noqa: F401, PLC0415

        if settings.SENTRY_DSN:
            from infrastructure.monitoring import sentry  # noqa: PLC0415 - costs time and memory

            sentry.start()
