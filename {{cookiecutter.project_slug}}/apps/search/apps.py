from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _


class SearchConfig(AppConfig):
    name = "apps.search"
    verbose_name = _("Search")

    def ready(self) -> None:
        from apps.search import receivers  # noqa: PLC0415 - connects itself, needs the models

        # The modules `search` of other apps register their models.
        autodiscover_modules("search")
        receivers.connect_sources()
