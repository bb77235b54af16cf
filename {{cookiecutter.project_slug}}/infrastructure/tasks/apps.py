from django.apps import AppConfig
from django.conf import settings
from django.utils.translation import gettext_lazy as _


class TasksConfig(AppConfig):
    name = "infrastructure.tasks"
    verbose_name = _("Tasks")

    def ready(self) -> None:
        from infrastructure.monitoring import health  # noqa: PLC0415 - imports Django's migrations, which need the apps
        from infrastructure.tasks import checks  # noqa: F401, PLC0415 - registers the checks, needs the settings
        from infrastructure.tasks.health import check_broker  # noqa: PLC0415 - imports `health` too

        if not settings.CELERY_TASK_ALWAYS_EAGER:
            health.CHECKS["broker"] = check_broker
