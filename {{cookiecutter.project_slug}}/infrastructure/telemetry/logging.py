"""Trace ids in log lines, and rate limiting of the exporter's own log messages."""

import logging
from collections.abc import MutableMapping
from typing import Any

from opentelemetry import trace

QUIET_SECONDS = 60


def trace_ids() -> dict[str, str]:
    """Return the ids of the current trace and span in hexadecimal, as tracing tools show them."""
    context = trace.get_current_span().get_span_context()
    if not context.is_valid:
        return {}
    return {
        "trace_id": trace.format_trace_id(context.trace_id),
        "span_id": trace.format_span_id(context.span_id),
    }


def add_trace_ids(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Add the trace ids to a log line; a structlog processor."""
    event.update(trace_ids())
    return event


class Seldom(logging.Filter):
    """Log filter that passes each message once a minute, not once for each batch that failed."""

    def __init__(self) -> None:
        super().__init__()
        self._last: dict[str, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        if record.created - self._last.get(record.msg, 0) < QUIET_SECONDS:
            return False
        self._last[record.msg] = record.created
        return True
