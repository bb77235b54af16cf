"""Traces and metrics over OTLP, where a collector is named.

https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
"""

import os

import structlog

from config import project
from config.env import env
from config.settings.components.logging import LOGGING

OTEL_EXPORTER_OTLP_ENDPOINT: str = env("OTEL_EXPORTER_OTLP_ENDPOINT", default="")
_variables = {
    "OTEL_EXPORTER_OTLP_ENDPOINT": OTEL_EXPORTER_OTLP_ENDPOINT,
    "OTEL_EXPORTER_OTLP_HEADERS": env("OTEL_EXPORTER_OTLP_HEADERS", default=""),
    "OTEL_METRIC_EXPORT_INTERVAL": env("OTEL_METRIC_EXPORT_INTERVAL", default="60000"),
    "OTEL_RESOURCE_ATTRIBUTES": env("OTEL_RESOURCE_ATTRIBUTES", default=""),
    "OTEL_SERVICE_NAME": env("OTEL_SERVICE_NAME", default=project.NAME),
    "OTEL_TRACES_SAMPLER": env("OTEL_TRACES_SAMPLER", default="parentbased_always_on"),
    "OTEL_TRACES_SAMPLER_ARG": env("OTEL_TRACES_SAMPLER_ARG", default="1.0"),
    # Not `baggage`: what a client says would be handed on to whomever this project asks.
    "OTEL_PROPAGATORS": "tracecontext",
    # The stable names of attributes and metrics; the libraries still default to older ones.
    "OTEL_SEMCONV_STABILITY_OPT_IN": "http,database",
}

if OTEL_EXPORTER_OTLP_ENDPOINT:
    # The SDK reads the environment, in part when it is imported, and knows nothing of `.env`.
    for _name, _value in _variables.items():
        os.environ.setdefault(_name, _value)

    from apps.telemetry.logging import add_trace_ids

    structlog.configure(processors=[add_trace_ids, *structlog.get_config()["processors"]])
    for _formatter in LOGGING["formatters"].values():
        _formatter["foreign_pre_chain"] = [add_trace_ids, *_formatter["foreign_pre_chain"]]
