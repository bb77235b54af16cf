"""Export pipeline for spans and metrics.

The server forks its workers after loading the code, and threads do not survive a fork. So each process
creates its own pipeline, with its own identity, at its first request or task. The queue is bounded: spans
that the collector does not accept in time are dropped, and no request waits for the export.
"""

import atexit
import logging
from threading import Lock
from typing import Any

from opentelemetry import metrics, trace
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.metrics.view import ExplicitBucketHistogramAggregation, View
from opentelemetry.sdk.resources import SERVICE_VERSION, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from config import project
from infrastructure.telemetry.logging import Seldom
from infrastructure.telemetry.privacy import PrivateExporter
from infrastructure.telemetry.sampling import EntrySampler

FLUSH_MILLISECONDS = 5000
# These durations are in seconds, but their libraries use the SDK's default buckets in milliseconds.
# https://opentelemetry.io/docs/specs/semconv/database/database-metrics/
BUCKETS = {
    "db.client.operation.duration": [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10],
    "flower.task.runtime.seconds": [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300],
}


class Pipeline:
    """Exporters of a process, configured by the `OTEL_…` variables, which the SDK reads itself."""

    def __init__(self) -> None:
        resource = Resource.create({SERVICE_VERSION: project.VERSION})
        self.exporter = PrivateExporter(OTLPSpanExporter())
        self.tracers = TracerProvider(resource=resource, shutdown_on_exit=False)
        self.tracers.sampler = EntrySampler(self.tracers.sampler)
        self.tracers.add_span_processor(BatchSpanProcessor(self.exporter))
        reader = PeriodicExportingMetricReader(OTLPMetricExporter())
        views = [
            View(instrument_name=name, aggregation=ExplicitBucketHistogramAggregation(buckets))
            for name, buckets in BUCKETS.items()
        ]
        self.meters = MeterProvider([reader], resource=resource, shutdown_on_exit=False, views=views)
        for exporter in (OTLPSpanExporter, OTLPMetricExporter):
            logging.getLogger(exporter.__module__).addFilter(Seldom())
        trace.set_tracer_provider(self.tracers)
        metrics.set_meter_provider(self.meters)

    def flush_and_end(self) -> None:
        """Flush the queues; if the collector is unavailable, end after the timeout of one batch."""
        self.exporter.close()
        self.tracers.shutdown()
        self.meters.shutdown(FLUSH_MILLISECONDS)


_lock = Lock()
_pipelines: list[Pipeline] = []


def start(*_args: Any, **_kwargs: Any) -> None:
    """Start the pipeline of this process if it is not running; a signal receiver."""
    with _lock:
        if not _pipelines:
            _pipelines.append(Pipeline())
            atexit.register(stop)


def stop(*_args: Any, **_kwargs: Any) -> None:
    """Flush and stop the pipeline before the process exits; a signal receiver."""
    with _lock:
        while _pipelines:
            _pipelines.pop().flush_and_end()
