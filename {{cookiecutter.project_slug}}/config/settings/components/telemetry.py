"""Traces and metrics over OTLP if a collector is configured.

https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
"""

import os

import structlog

from config import project
from config.env import Form, Url, env
from config.settings.components.logging import LOGGING

_PAIRS = Form(r"[^\s=,]+=[^,]*(?:,\s*[^\s=,]+=[^,]*)*", "name=value,name=value with percent-encoded values")
_SAMPLER = Form(
    "(?:parentbased_)?(?:always_on|always_off|traceidratio)", "a sampler such as parentbased_traceidratio"
)

OTEL_EXPORTER_OTLP_ENDPOINT = env.text("OTEL_EXPORTER_OTLP_ENDPOINT", form=Url)
_variables = {
    "OTEL_EXPORTER_OTLP_ENDPOINT": OTEL_EXPORTER_OTLP_ENDPOINT,
    "OTEL_EXPORTER_OTLP_HEADERS": env.text("OTEL_EXPORTER_OTLP_HEADERS", form=_PAIRS, secret=True),
    "OTEL_METRIC_EXPORT_INTERVAL": str(env.integer("OTEL_METRIC_EXPORT_INTERVAL", default=60_000, minimum=1)),
    "OTEL_RESOURCE_ATTRIBUTES": env.text("OTEL_RESOURCE_ATTRIBUTES", form=_PAIRS),
    "OTEL_SERVICE_NAME": env.text("OTEL_SERVICE_NAME", project.NAME),
    "OTEL_TRACES_SAMPLER": env.text("OTEL_TRACES_SAMPLER", "parentbased_always_on", form=_SAMPLER),
    "OTEL_TRACES_SAMPLER_ARG": str(env.fraction("OTEL_TRACES_SAMPLER_ARG", default=1.0)),
    # Not `baggage`, which would forward input of clients to other services.
    "OTEL_PROPAGATORS": "tracecontext",
    # Stable names of attributes and metrics; the libraries still default to older ones.
    "OTEL_SEMCONV_STABILITY_OPT_IN": "http,database",
}

if OTEL_EXPORTER_OTLP_ENDPOINT:
    # The SDK reads only the environment, not `.env`, and partly at import time.
    os.environ.update(_variables)

    from infrastructure.telemetry.logging import add_trace_ids

    structlog.configure(processors=[add_trace_ids, *structlog.get_config()["processors"]])
    for _formatter in LOGGING["formatters"].values():
        _formatter["foreign_pre_chain"] = [add_trace_ids, *_formatter["foreign_pre_chain"]]
