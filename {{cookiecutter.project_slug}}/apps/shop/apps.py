from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ShopConfig(AppConfig):
    name = "apps.shop"
    verbose_name = _("Shop")

    def ready(self) -> None:
        from apps.shop import receivers  # noqa: F401, PLC0415 - connects itself, needs the models
        from apps.shop.services import mails  # noqa: F401, PLC0415 - registers the email
