from importlib import import_module

from django.apps import AppConfig, apps
from django.utils.translation import gettext_lazy as _


class BlogConfig(AppConfig):
    name = "apps.blog"
    verbose_name = _("Blog")

    def ready(self) -> None:
        from apps.blog import receivers  # noqa: F401, PLC0415 - connects itself, needs the models

        if apps.is_installed("apps.notifications"):
            # By name: the module exists only together with the notifications.
            import_module("apps.blog.notification_receivers")
