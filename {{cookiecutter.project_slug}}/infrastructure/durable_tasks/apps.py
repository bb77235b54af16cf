from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DurableTasksConfig(AppConfig):
    name = "infrastructure.durable_tasks"
    verbose_name = _("Tasks")
