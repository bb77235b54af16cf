from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class FilesConfig(AppConfig):
    name = "apps.files"
    verbose_name = _("Files")

    def ready(self) -> None:
        from apps.files import checks, receivers  # noqa: F401, PLC0415 - register themselves, need the models
