from collections.abc import Sequence

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode, Tracer
from opentelemetry.util.types import AttributeValue

from infrastructure.telemetry.privacy import PrivateExporter

EMAIL = "ann.lee@example.com"


class Collector(InMemorySpanExporter):
    def sent(self) -> ReadableSpan:
        (span,) = self.get_finished_spans()
        return span


@pytest.fixture
def collector() -> Collector:
    return Collector()


@pytest.fixture
def tracer(collector: Collector) -> Tracer:
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(PrivateExporter(collector)))
    return provider.get_tracer("tests")


@pytest.mark.parametrize(
    "name",
    [
        "celery.retry.reason",
        "client.address",
        "db.query.parameter.0",
        "db.statement.parameters",
        "db.user",
        "enduser.id",
        "exception.message",
        "http.client_ip",
        "http.request.header.authorization",
        "http.target",
        "http.url",
        "http.user_agent",
        "net.peer.ip",
        "network.peer.address",
        "refresh_token",
        "url.full",
        "url.path",
        "url.query",
        "user.id",
        "user_agent.original",
    ],
)
def test_personal_attributes_are_removed(tracer: Tracer, collector: Collector, name: str) -> None:
    tracer.start_span("GET", attributes={name: "Ann Lee", "http.route": "users/"}).end()
    assert collector.sent().attributes == {"http.route": "users/"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("http.request.method", "GET"),
        ("http.response.status_code", 200),
        ("server.address", "api.example.com"),
        ("db.system.name", "postgresql"),
        ("messaging.destination.name", "celery"),
    ],
)
def test_technical_attributes_are_kept(
    tracer: Tracer, collector: Collector, name: str, value: AttributeValue
) -> None:
    tracer.start_span("GET", attributes={name: value}).end()
    assert collector.sent().attributes == {name: value}


@pytest.mark.parametrize("name", ["db.statement", "db.query.text"])
def test_literals_in_query_text_are_masked(tracer: Tracer, collector: Collector, name: str) -> None:
    query = """SELECT "id" FROM "t1" WHERE "a" = %s AND "b" = 'O''Hara' AND "c" > 12.5 LIMIT 21"""
    tracer.start_span("SELECT", attributes={name: query}).end()
    expected = """SELECT "id" FROM "t1" WHERE "a" = %s AND "b" = ? AND "c" > ? LIMIT ?"""
    assert collector.sent().attributes == {name: expected}


def test_emails_in_names_and_attributes_are_masked(tracer: Tracer, collector: Collector) -> None:
    tracer.start_span(f"mail {EMAIL}", attributes={"note": f"to {EMAIL}"}).end()
    sent = collector.sent()
    assert (sent.name, sent.attributes) == ("mail [redacted]", {"note": "to [redacted]"})


def test_exception_is_reduced_to_its_type(tracer: Tracer, collector: Collector) -> None:
    with pytest.raises(ValueError, match="swordfish"), tracer.start_as_current_span("job"):
        raise ValueError(f"{EMAIL} has swordfish")
    sent = collector.sent()
    assert "swordfish" not in sent.to_json()
    assert [(event.name, (event.attributes or {})["exception.type"]) for event in sent.events] == [
        ("exception", "ValueError")
    ]
    assert sent.status.status_code is StatusCode.ERROR


def test_span_keeps_context_parent_and_times(tracer: Tracer, collector: Collector) -> None:
    with tracer.start_as_current_span("outer") as outer:
        tracer.start_span("inner").end()
    inner, sent = collector.get_finished_spans()
    assert sent.get_span_context() == outer.get_span_context()
    assert inner.parent == outer.get_span_context()
    assert sent.start_time is not None
    assert sent.end_time is not None
    assert inner.instrumentation_scope is not None
    assert sent.end_time > sent.start_time


def test_shutdown_drops_batches_when_collector_is_unavailable() -> None:
    class Broken(SpanExporter):
        asked = 0

        def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
            self.asked += 1
            return SpanExportResult.FAILURE

    broken = Broken()
    exporter = PrivateExporter(broken)
    results = {exporter.export([]), exporter.export([])}
    exporter.close()
    results |= {exporter.export([]), exporter.export([])}
    assert (results, broken.asked) == ({SpanExportResult.FAILURE}, 2)


def test_shutdown_exports_remaining_spans(collector: Collector) -> None:
    exporter = PrivateExporter(collector)
    exporter.close()
    assert exporter.export([ReadableSpan("job")]) is SpanExportResult.SUCCESS
    assert exporter.force_flush()
    assert collector.sent().name == "job"
