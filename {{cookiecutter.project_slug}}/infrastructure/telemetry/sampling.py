"""Trace sampling."""

from collections.abc import Sequence

from opentelemetry.context import Context
from opentelemetry.sdk.trace.sampling import Decision, Sampler, SamplingResult
from opentelemetry.trace import Link, SpanKind, TraceState, get_current_span
from opentelemetry.util.types import Attributes

ENTRIES = {SpanKind.SERVER, SpanKind.CONSUMER, SpanKind.PRODUCER}


class EntrySampler(Sampler):
    """Sampler that starts traces only at entry points: requests and tasks.

    Otherwise each query of a probe, poll of the broker and request to Sentry would be a trace of one span.

    Args:
        sampler: decides about entry points and child spans (`OTEL_TRACES_SAMPLER`).
    """

    def __init__(self, sampler: Sampler) -> None:
        self.sampler = sampler

    def should_sample(  # noqa: PLR0913, PLR0917 - the signature of the base class
        self,
        parent_context: Context | None,
        trace_id: int,
        name: str,
        kind: SpanKind | None = None,
        attributes: Attributes = None,
        links: Sequence[Link] | None = None,
        trace_state: TraceState | None = None,
    ) -> SamplingResult:
        if kind not in ENTRIES and not get_current_span(parent_context).get_span_context().is_valid:
            return SamplingResult(Decision.DROP)
        return self.sampler.should_sample(
            parent_context, trace_id, name, kind, attributes, links, trace_state
        )

    def get_description(self) -> str:
        return f"EntrySampler({self.sampler.get_description()})"
