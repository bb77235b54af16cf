"""Health checks of persistent connections (`CONN_HEALTH_CHECKS`) only after an idle time, to save a query."""

import time

from django.core.signals import request_finished, request_started
from django.db import connections
from django.dispatch import receiver

IDLE_SECONDS = 1.0


@receiver(request_started)
def skip_connection_check(**_kwargs: object) -> None:
    """Skip the health check of this thread's connections that a previous request has just used."""
    for each in connections.all(initialized_only=True):
        idle = time.monotonic() - vars(each).get("last_request", 0.0)
        each.health_check_done = idle < IDLE_SECONDS  # type: ignore[attr-defined] # not in the stubs


@receiver(request_finished)
def note_last_request(**_kwargs: object) -> None:
    for each in connections.all(initialized_only=True):
        vars(each)["last_request"] = time.monotonic()
