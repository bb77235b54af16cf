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
def test_a_trace_starts_where_work_comes_in(kind: SpanKind, *, traced: bool) -> None:
    tracer = TracerProvider(sampler=EntrySampler(ALWAYS_ON)).get_tracer("tests")
    assert tracer.start_span("first", kind=kind).is_recording() is traced


def test_what_happens_within_is_part_of_it() -> None:
    tracer = TracerProvider(sampler=EntrySampler(ALWAYS_ON)).get_tracer("tests")
    with tracer.start_as_current_span("request", kind=SpanKind.SERVER):
        assert tracer.start_span("query", kind=SpanKind.CLIENT).is_recording()


def test_how_many_traces_are_made_is_for_the_other_sampler_to_say() -> None:
    sampler = EntrySampler(TraceIdRatioBased(0))
    tracer = TracerProvider(sampler=sampler).get_tracer("tests")
    assert not tracer.start_span("request", kind=SpanKind.SERVER).is_recording()
    assert sampler.get_description() == "EntrySampler(TraceIdRatioBased{0})"
