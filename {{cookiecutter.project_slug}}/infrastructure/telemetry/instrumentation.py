"""OpenTelemetry instrumentation of the installed libraries.

Instrumentors are discovered by their entry point, so optional dependencies are instrumented too.
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
    """Instrument the libraries; the first request or task of each process starts the pipeline."""
    found = {entry.name: entry for entry in entry_points(group="opentelemetry_instrumentor")}
    # Receivers are called in the order of connection: the pipeline starts before the first span.
    request_started.connect(start, dispatch_uid="telemetry")
    if "celery" in found:
        signals = import_module("celery.signals")
        signals.task_prerun.connect(start)
        # Pool processes end without running `atexit` handlers.
        signals.worker_process_shutdown.connect(stop)
    options: dict[str, dict[str, Any]] = {
        "django": {
            # After the health check middleware: no spans for probes.
            "middleware_position": settings.MIDDLEWARE.index(PROBES) + 1,
            "request_hook": _name_in_log,
        },
    }
    for name, entry in found.items():
        entry.load()().instrument(**options.get(name, {}))


def _name_in_log(_span: Span, _request: HttpRequest) -> None:
    """Bind the trace ids to the log context, as the request is logged after its span has ended."""
    structlog.contextvars.bind_contextvars(**trace_ids())
