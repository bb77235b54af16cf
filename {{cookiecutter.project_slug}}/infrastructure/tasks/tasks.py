"""Task that runs the periodic commands. Each app has its own module `tasks`, see docs/celery.md."""

from io import StringIO

import structlog
from django.conf import settings
from django.core.management import call_command

from config.celery import app

logger = structlog.get_logger(__name__)


@app.task
def command_run(name: str) -> None:
    """Run a management command of the schedule.

    Raises:
        ValueError: the command is not in the schedule, so a forged message cannot run it.
    """
    if not any(entry.get("args") == [name] for entry in settings.CELERY_BEAT_SCHEDULE.values()):
        raise ValueError(f"{name!r} is not in CELERY_BEAT_SCHEDULE")
    said = StringIO()
    call_command(name, stdout=said)
    logger.info("command_ended", command=name, said=said.getvalue().strip())
