import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.sampling import ALWAYS_ON, TraceIdRatioBased
from opentelemetry.trace import SpanKind

from infrastructure.telemetry.sampling import EntrySampler


@pytest.mark.parametrize(
    ("kind", "traced"),
    [
        (SpanKind.SERVER, True),
        (SpanKind.CONSUMER, True),
        (SpanKind.PRODUCER, True),
        (SpanKind.CLIENT, False),
        (SpanKind.INTERNAL, False),
    ],
)
def test_trace_starts_only_at_entry_span(kind: SpanKind, *, traced: bool) -> None:
    tracer = TracerProvider(sampler=EntrySampler(ALWAYS_ON)).get_tracer("tests")
    assert tracer.start_span("first", kind=kind).is_recording() is traced


def test_child_span_is_recorded() -> None:
    tracer = TracerProvider(sampler=EntrySampler(ALWAYS_ON)).get_tracer("tests")
    with tracer.start_as_current_span("request", kind=SpanKind.SERVER):
        assert tracer.start_span("query", kind=SpanKind.CLIENT).is_recording()


def test_sampling_rate_is_left_to_wrapped_sampler() -> None:
    sampler = EntrySampler(TraceIdRatioBased(0))
    tracer = TracerProvider(sampler=sampler).get_tracer("tests")
    assert not tracer.start_span("request", kind=SpanKind.SERVER).is_recording()
    assert sampler.get_description() == "EntrySampler(TraceIdRatioBased{0})"
