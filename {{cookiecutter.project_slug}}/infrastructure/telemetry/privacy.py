"""Removal of personal data from spans.

Instrumentation libraries record IP addresses, paths, queries and exception messages, and new versions may
record more. So spans are cleaned by the exporter, independent of the library.
"""

import re
from collections.abc import Sequence

from opentelemetry.sdk.trace import Event, ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.trace import Status
from opentelemetry.util.types import Attributes, AttributeValue

from infrastructure.logging.scrub import SECRET, scrub

# Attributes that identify a client or quote its input. The route is kept; a concrete path contains ids.
# https://opentelemetry.io/docs/specs/semconv/registry/attributes/
PERSONAL = re.compile(
    r"^(?:client|enduser|user|user_agent|source|network\.peer|net\.(?:peer|sock\.peer)\.ip|geo)(?:\.|$)"
    r"|^http\.(?:target|url|user_agent|client_ip|(?:request|response)\.header\..*)$"
    r"|^url\.(?:full|path|query|fragment|original)$"
    r"|^db\.(?:statement|query)\.parameters?\b|^db\.user$|^db\.operation\.parameter\b"
    r"|^exception\.(?:message|stacktrace)$"
    r"|^celery\.(?:retry|revoked)\.reason$"
)
QUERY_TEXTS = {"db.statement", "db.query.text"}
# Django passes parameters separately; this matches literals in raw SQL.
LITERAL = re.compile(r"'(?:[^']++|'')*+(?:'|\Z)|\b\d+(?:\.\d+)?\b")


class PrivateExporter(SpanExporter):
    """Exporter that removes personal data from spans and passes them on.

    Args:
        exporter: receives the cleaned spans.
    """

    def __init__(self, exporter: SpanExporter) -> None:
        self.exporter = exporter
        self.failing = False
        self._closing = False

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        if self._closing and self.failing:
            return SpanExportResult.FAILURE
        result = self.exporter.export([without_personal_data(span) for span in spans])
        self.failing = result is not SpanExportResult.SUCCESS
        return result

    def close(self) -> None:
        """Prepare the shutdown: after a failed batch, the remaining ones are dropped."""
        self._closing = True

    def shutdown(self) -> None:
        self.exporter.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return self.exporter.force_flush(timeout_millis)


def without_personal_data(span: ReadableSpan) -> ReadableSpan:
    """Return a copy with operations and durations; of an exception only the type is kept."""
    return ReadableSpan(
        name=scrub(span.name),
        context=span.get_span_context(),
        parent=span.parent,
        resource=span.resource,
        attributes=_cleaned(span.attributes),
        events=[Event(event.name, _cleaned(event.attributes), event.timestamp) for event in span.events],
        links=span.links,
        kind=span.kind,
        status=Status(span.status.status_code),
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )


def _cleaned(attributes: Attributes) -> dict[str, AttributeValue]:
    return {
        name: _value(name, value)
        for name, value in (attributes or {}).items()
        if not PERSONAL.search(name) and not SECRET.search(name)
    }


def _value(name: str, value: AttributeValue) -> AttributeValue:
    if not isinstance(value, str):
        return value
    return LITERAL.sub("?", value) if name in QUERY_TEXTS else scrub(value)
