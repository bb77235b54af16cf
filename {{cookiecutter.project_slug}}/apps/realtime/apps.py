from django.apps import AppConfig
from django.conf import settings


class RealtimeConfig(AppConfig):
    name = "apps.realtime"

    def ready(self) -> None:
        from apps.realtime import checks  # noqa: F401, PLC0415 - registers them
        from apps.realtime.services import layer_check  # noqa: PLC0415 - needs the settings
        from infrastructure.monitoring import health  # noqa: PLC0415 - imports Django's migrations, which need the apps

        if "redis" in settings.CHANNEL_LAYERS["default"]["BACKEND"]:
            health.CHECKS["realtime"] = layer_check
