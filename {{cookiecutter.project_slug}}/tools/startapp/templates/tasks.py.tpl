"""Background tasks. They may run more than once, so they must be idempotent."""

import structlog

from apps.{{ app }}.models import {{ model }}
from config.celery import app

logger = structlog.get_logger(__name__)


@app.task
def {{ names }}_report() -> None:
    """Log the number of {{ verbose_plural }}; runs by CELERY_BEAT_SCHEDULE. Replace it with your own work."""
    logger.info("{{ names }}_counted", count={{ model }}.objects.count())
