from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _


class ReportsConfig(AppConfig):
    name = "apps.reports"
    verbose_name = _("Reports")

    def ready(self) -> None:
        from apps.reports import receivers  # noqa: F401, PLC0415 - connects itself, needs the models
        from apps.reports.services import daily  # noqa: F401, PLC0415 - registers the mail, needs the models

        autodiscover_modules("reports")
