from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MqttConfig(AppConfig):
    name = "apps.mqtt"
    verbose_name = _("Devices")

    def ready(self) -> None:
        from apps.mqtt import receivers  # noqa: F401, PLC0415 - connects itself, needs the models
