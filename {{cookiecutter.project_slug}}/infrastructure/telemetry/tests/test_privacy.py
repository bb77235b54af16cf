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
def test_what_tells_whose_request_it_is_stays_here(tracer: Tracer, collector: Collector, name: str) -> None:
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
def test_what_tells_what_was_done_is_sent(
    tracer: Tracer, collector: Collector, name: str, value: AttributeValue
) -> None:
    tracer.start_span("GET", attributes={name: value}).end()
    assert collector.sent().attributes == {name: value}


@pytest.mark.parametrize("name", ["db.statement", "db.query.text"])
def test_a_query_is_sent_without_the_values_in_it(tracer: Tracer, collector: Collector, name: str) -> None:
    query = """SELECT "id" FROM "t1" WHERE "a" = %s AND "b" = 'O''Hara' AND "c" > 12.5 LIMIT 21"""
    tracer.start_span("SELECT", attributes={name: query}).end()
    expected = """SELECT "id" FROM "t1" WHERE "a" = %s AND "b" = ? AND "c" > ? LIMIT ?"""
    assert collector.sent().attributes == {name: expected}


def test_addresses_are_masked_wherever_they_stand(tracer: Tracer, collector: Collector) -> None:
    tracer.start_span(f"mail {EMAIL}", attributes={"note": f"to {EMAIL}"}).end()
    sent = collector.sent()
    assert (sent.name, sent.attributes) == ("mail [redacted]", {"note": "to [redacted]"})


def test_an_exception_is_sent_as_its_type(tracer: Tracer, collector: Collector) -> None:
    with pytest.raises(ValueError, match="swordfish"), tracer.start_as_current_span("job"):
        raise ValueError(f"{EMAIL} has swordfish")
    sent = collector.sent()
    assert "swordfish" not in sent.to_json()
    assert [(event.name, (event.attributes or {})["exception.type"]) for event in sent.events] == [
        ("exception", "ValueError")
    ]
    assert sent.status.status_code is StatusCode.ERROR


def test_a_span_keeps_its_place_in_the_trace(tracer: Tracer, collector: Collector) -> None:
    with tracer.start_as_current_span("outer") as outer:
        tracer.start_span("inner").end()
    inner, sent = collector.get_finished_spans()
    assert sent.get_span_context() == outer.get_span_context()
    assert inner.parent == outer.get_span_context()
    assert sent.start_time is not None
    assert sent.end_time is not None
    assert inner.instrumentation_scope is not None
    assert sent.end_time > sent.start_time


def test_at_the_end_a_collector_that_is_away_is_asked_no_more() -> None:
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


def test_at_the_end_what_waits_is_sent(collector: Collector) -> None:
    exporter = PrivateExporter(collector)
    exporter.close()
    assert exporter.export([ReadableSpan("job")]) is SpanExportResult.SUCCESS
    assert exporter.force_flush()
    assert collector.sent().name == "job"
