"""Receivers of other apps' signals."""

from typing import Any

import structlog
from axes.signals import user_locked_out
from django.dispatch import receiver

logger = structlog.get_logger(__name__)


@receiver(user_locked_out)
def log_lockout(**_kwargs: Any) -> None:
    """Say that it happened; who and from where stands in the table of django-axes, not in the log."""
    logger.warning("login_locked_out")
