"""Decoding of the OTLP messages that a collector has received."""

from collections.abc import Iterable, Iterator
from typing import Any

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.receiver import Receiver


def resources(receiver: Receiver) -> Iterator[dict[str, Any]]:
    """Yield the resource attributes of the processes that sent spans."""
    for path, body in list(receiver.received):
        if path == "/v1/traces":
            for group in ExportTraceServiceRequest.FromString(body).resource_spans:
                yield attributes(group.resource.attributes)


def spans(receiver: Receiver) -> list[Any]:
    return [
        span
        for path, body in list(receiver.received)
        if path == "/v1/traces"
        for group in ExportTraceServiceRequest.FromString(body).resource_spans
        for scope in group.scope_spans
        for span in scope.spans
    ]


def metrics(receiver: Receiver) -> dict[str, Any]:
    """Return the last value of each metric."""
    return {
        metric.name: metric
        for path, body in list(receiver.received)
        if path == "/v1/metrics"
        for group in ExportMetricsServiceRequest.FromString(body).resource_metrics
        for scope in group.scope_metrics
        for metric in scope.metrics
    }


def attributes(pairs: Iterable[Any]) -> dict[str, Any]:
    return {pair.key: getattr(pair.value, pair.value.WhichOneof("value")) for pair in pairs}
