"""Sentry events without personal data, used with `SENTRY_STRICT`.

The SDK collects more with each release, so events are rebuilt from an allowlist of harmless fields instead of
filtered. `request_id` correlates an event with the log.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sentry_sdk.types import Event

# https://develop.sentry.dev/sdk/foundations/envelopes/event-payloads/
EVENT = (
    "event_id",
    "timestamp",
    "start_timestamp",
    "type",
    "platform",
    "level",
    "logger",
    "release",
    "environment",
    "modules",
    "sdk",
    "transaction_info",
)
EXCEPTION = ("type", "module")
FRAME = ("filename", "module", "function", "lineno", "in_app", "pre_context", "context_line", "post_context")
TRACE = ("trace_id", "span_id", "parent_span_id", "op", "status", "origin")
SPAN = (*TRACE, "start_timestamp", "timestamp", "same_process_as_parent")
RUNTIME = ("name", "version")
# Correlation ids, which log lines have too.
IDS = ("request_id", "task_id", "trace_id")
# Sources of transaction names that come from the code; with others the name is the requested path.
CODE_SOURCES = {"route", "view", "component", "task"}
CODE_SPANS = ("middleware.", "view.", "template.", "queue.", "event.")


def error(event: "Event") -> "Event":
    """Rebuild an error event."""
    sent: Event = _common(event)
    if "logentry" in event:
        sent["logentry"] = event["logentry"]
    if "exception" in event:
        sent["exception"] = {"values": [_exception(value) for value in event["exception"]["values"]]}
    return sent


def transaction(event: "Event") -> "Event":
    """Rebuild a trace event: names and durations of the steps."""
    sent: Event = _common(event)
    sent["spans"] = [_span(span) for span in event.get("spans", [])]  # type: ignore[union-attr]
    return sent


def _common(event: "Event") -> Any:
    sent: dict[str, Any] = _only(event, EVENT)
    contexts = event.get("contexts", {})
    sent["contexts"] = {
        "runtime": _only(contexts.get("runtime", {}), RUNTIME),
        "trace": _only(contexts.get("trace", {}), TRACE),
    }
    if event.get("transaction_info", {}).get("source") in CODE_SOURCES:
        sent["transaction"] = event.get("transaction")
    if "method" in event.get("request", {}):
        sent["request"] = {"method": event["request"]["method"]}
    sent["tags"] = _only(event.get("tags", {}), IDS)
    return sent


def _exception(value: Mapping[str, Any]) -> dict[str, Any]:
    """Rebuild an exception without its message, which may quote personal data; the log has the message."""
    frames = (value.get("stacktrace") or {}).get("frames", [])
    return {
        **_only(value, EXCEPTION),
        "mechanism": _only(value.get("mechanism") or {}, ("type", "handled", "exception_id", "parent_id")),
        "stacktrace": {"frames": [_only(frame, FRAME) for frame in frames]},
    }


def _span(span: Mapping[str, Any]) -> dict[str, Any]:
    sent = _only(span, SPAN)
    if span.get("op", "").startswith(CODE_SPANS):
        sent["description"] = span.get("description")
    return sent


def _only(mapping: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: mapping[name] for name in names if name in mapping}
