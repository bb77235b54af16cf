from django.apps import AppConfig
from django.conf import settings


class TasksConfig(AppConfig):
    name = "infrastructure.tasks"
    # The label `tasks` stays free for an app of the project.
    label = "infrastructure_tasks"

    def ready(self) -> None:
        from infrastructure.monitoring import health  # noqa: PLC0415 - imports Django's migrations, which need the apps
        from infrastructure.tasks import checks  # noqa: PLC0415 - registers the checks, needs the settings

        if not settings.CELERY_TASK_ALWAYS_EAGER:
            health.CHECKS["broker"] = checks.check_broker
