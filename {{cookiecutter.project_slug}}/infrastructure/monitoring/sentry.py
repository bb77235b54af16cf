"""Sentry error reporting, with the SDK's own switches for personal data turned off.

`SENTRY_STRICT` sends an allowlist of fields only, see `sentry_strict.py`.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import sentry_sdk
import structlog
from django.conf import settings
from sentry_sdk.integrations.argv import ArgvIntegration
from sentry_sdk.integrations.atexit import AtexitIntegration
from sentry_sdk.integrations.logging import LoggingIntegration

from infrastructure.logging.scrub import redact_error
from infrastructure.monitoring import sentry_strict

if TYPE_CHECKING:
    from sentry_sdk.types import Event, Hint

OWN_LOGGERS = ("apps.", "infrastructure.")
HEALTH_LOGGER = "infrastructure.monitoring.health"


def start() -> None:
    """Initialize the SDK for unhandled exceptions and for errors that the project logs.

    Events are sent by a thread of each process, so a slow or unavailable Sentry delays no request.
    """
    sentry_sdk.init(
        dsn=settings.SENTRY_DSN,
        release=settings.SENTRY_RELEASE,
        environment=settings.SENTRY_ENVIRONMENT or settings.SETTINGS_MODULE.rpartition(".")[2],
        sample_rate=settings.SENTRY_SAMPLE_RATE,
        # With None, sampling decisions of the caller are ignored too.
        traces_sample_rate=settings.SENTRY_TRACES_SAMPLE_RATE or None,
        integrations=[
            LoggingIntegration(level=None),
            # The default callback prints to the console at exit, between lines of JSON.
            AtexitIntegration(callback=lambda _pending, _timeout: None),
        ],
        disabled_integrations=[ArgvIntegration],
        # Replaces `send_default_pii`, `max_request_body_size`, `event_scrubber` and others.
        # https://docs.sentry.io/platforms/python/data-management/data-collected/
        data_collection={
            "user_info": False,
            "cookies": {"mode": "off"},
            "http_headers": {"request": {"mode": "off"}},
            "http_bodies": [],
            "url_query_params": {"mode": "off"},
            "database_query_data": False,
            "queues": False,
            "stack_frame_variables": False,
        },
        max_breadcrumbs=0,
        auto_session_tracking=False,
        # No trace headers to other services.
        trace_propagation_targets=[],
        before_send=before_send,
        before_send_transaction=before_send_transaction,
    )


def before_send(event: "Event", hint: "Hint") -> "Event | None":
    """Add the correlation ids and redact emails in messages; drop errors logged by libraries."""
    record = hint.get("log_record")
    if record is not None:
        # Errors logged by libraries may be client errors, such as an invalid host; server errors are raised.
        # Health checks fail every few seconds while a server is unavailable.
        if not record.name.startswith(OWN_LOGGERS) or record.name == HEALTH_LOGGER:
            return None
        event["logentry"], event["extra"] = {"message": _message(record.msg)}, {}
    for exception in event.get("exception", {}).get("values", []):
        exception["value"] = redact_error(str(exception.get("value", "")))
    event.setdefault("tags", {}).update(_correlation_ids())
    return sentry_strict.error(event) if settings.SENTRY_STRICT else event


def before_send_transaction(event: "Event", _hint: "Hint") -> "Event":
    """Add the correlation ids to a trace; remove the query strings of outgoing requests."""
    event.setdefault("tags", {}).update(_correlation_ids())
    spans: Any = event.get("spans", [])
    for span in spans:
        for name in ("http.query", "http.fragment"):
            span.get("data", {}).pop(name, None)
    return sentry_strict.transaction(event) if settings.SENTRY_STRICT else event


def _message(logged: object) -> str:
    """Return the event name of a structlog message, whose values stay in the log, or the text of another."""
    if isinstance(logged, Mapping):
        return str(logged.get("event", ""))
    return "" if settings.SENTRY_STRICT else redact_error(str(logged))


def _correlation_ids() -> dict[str, str]:
    bound = structlog.contextvars.get_contextvars()
    return {name: str(bound[name]) for name in sentry_strict.IDS if name in bound}
