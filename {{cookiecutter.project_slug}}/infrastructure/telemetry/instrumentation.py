"""Libraries that make spans and measure.

Those that are installed are found by their entry point, so what an option adds brings its own with it.
https://opentelemetry-python-contrib.readthedocs.io/
"""

from importlib import import_module
from importlib.metadata import entry_points
from typing import Any

import structlog
from django.conf import settings
from django.core.signals import request_started
from django.http import HttpRequest
from opentelemetry.trace import Span

from infrastructure.telemetry.logging import trace_ids
from infrastructure.telemetry.pipeline import start, stop

PROBES = "infrastructure.http.middleware.HealthCheckMiddleware"


def install() -> None:
    """Patch the libraries, and have the pipeline started by the first request or task of each process."""
    found = {entry.name: entry for entry in entry_points(group="opentelemetry_instrumentor")}
    # The signal's receivers are called in order: the pipeline is there when the first span begins.
    request_started.connect(start, dispatch_uid="telemetry")
    if "celery" in found:
        signals = import_module("celery.signals")
        signals.task_prerun.connect(start)
        # These processes end without Python's own clean-up.
        signals.worker_process_shutdown.connect(stop)
    options: dict[str, dict[str, Any]] = {
        "django": {
            # After the probes, which ask with any host and are no request of anybody.
            "middleware_position": settings.MIDDLEWARE.index(PROBES) + 1,
            "request_hook": _name_in_log,
        },
    }
    for name, entry in found.items():
        entry.load()().instrument(**options.get(name, {}))


def _name_in_log(_span: Span, _request: HttpRequest) -> None:
    """The line about a request is written after its span has ended."""
    structlog.contextvars.bind_contextvars(**trace_ids())
