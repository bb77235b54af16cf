import logging
from typing import Any

from opentelemetry.sdk.trace import TracerProvider
from time_machine import travel

from infrastructure.telemetry.logging import Seldom, add_trace_ids


def test_trace_ids_are_added_to_log_line() -> None:
    with TracerProvider().get_tracer("tests").start_as_current_span("job") as span:
        line: dict[str, Any] = dict(add_trace_ids(None, "info", {"event": "sent"}))
    context = span.get_span_context()
    assert int(line["trace_id"], 16) == context.trace_id
    assert int(line["span_id"], 16) == context.span_id
    assert (len(line["trace_id"]), len(line["span_id"])) == (32, 16)


def test_trace_ids_are_omitted_outside_trace() -> None:
    assert add_trace_ids(None, "info", {"event": "sent"}) == {"event": "sent"}


def test_seldom_passes_message_once_per_minute() -> None:
    seldom = Seldom()

    def passes(message: str) -> bool:
        return seldom.filter(logging.LogRecord("otel", logging.ERROR, "", 0, message, None, None))

    with travel(1_000_000, tick=False) as clock:
        assert passes("Failed")
        assert not passes("Failed")
        assert passes("Something else")
        clock.shift(61)
        assert passes("Failed")
