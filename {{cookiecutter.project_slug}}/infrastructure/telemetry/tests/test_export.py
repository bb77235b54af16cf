"""Export of a production server with gunicorn to a fake collector."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from config import project
from infrastructure.telemetry.tests.collector import attributes, metrics, resources, spans
from tests.production import run_python, served
from tests.receiver import Receiver, receiving

EMAIL = "ann.lee@example.com"
TOKEN = "eyJhbGciOiJIUzI1NiJ9.c2VjcmV0.c2lnbmF0dXJl"
ADDRESS = "203.0.113.77"
LOGIN = {"email": EMAIL, "password": "correct horse battery"}
HEADERS: dict[str, str] = {
    "Authorization": f"Bearer {TOKEN}",
    "Cookie": "__Host-sessionid=sessionid-value",
    "X_Forwarded_For": ADDRESS,
    "User_Agent": "Annabrowser",
    "X_Request_ID": "my-request-1",
}
PLANTED = ("ann.lee", LOGIN["password"], TOKEN, ADDRESS, "Annabrowser", "sessionid-value")
# Trace and span id of the caller. https://www.w3.org/TR/trace-context/
CALLER = ("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7")
FIELDS = """
import django
django.setup()
from opentelemetry.propagate import get_global_textmap
print(*get_global_textmap().fields)
"""
LOADED = """
import sys, django
django.setup()
print(len([name for name in sys.modules if name.startswith("opentelemetry")]))
"""


@dataclass(frozen=True)
class Export:
    """Received messages and the log of the server."""

    received: Receiver
    log: list[dict[str, Any]]


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Export]:
    """Run a server with two probes, a login that fails with 500, and a request with a trace of its caller."""
    folder = tmp_path_factory.mktemp("telemetry")
    with receiving() as collector:
        variables = {
            "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{collector.server_port}",
            "OTEL_RESOURCE_ATTRIBUTES": "region=moon",
        }
        with served(folder, **variables) as server:
            assert server.send("GET", "/health/live/", Host="10.0.0.7")[0] == 200
            assert server.send("GET", "/health/ready/", Host="10.0.0.7")[0] == 503
            path = f"/api/v1/auth/token/?token={TOKEN}&email={EMAIL}"
            # The in-memory database has no tables.
            assert server.send("POST", path, LOGIN, **HEADERS)[0] == 500
            called: dict[str, Any] = {
                "traceparent": f"00-{'-'.join(CALLER)}-01",
                "X_Request_ID": "my-request-2",
            }
            assert server.send("GET", "/api/v1/users/me/", **called)[0] == 401
            assert server.stop() == 0
        log = (folder / "output").read_text(encoding="utf-8").splitlines()
        yield Export(collector, [json.loads(line) for line in log])


def entries(export: Export) -> dict[str, Any]:
    """Return the server spans by name."""
    return {span.name: span for span in spans(export.received) if span.kind == span.SPAN_KIND_SERVER}


def test_export_has_traces_of_requests_but_not_of_probes(export: Export) -> None:
    found = entries(export)
    assert found.keys() == {"POST api/v1/auth/token/", "GET api/v1/users/me/"}
    traces = {span.trace_id for span in spans(export.received)}
    assert traces == {span.trace_id for span in found.values()}


def test_export_has_queries_in_trace_of_request(export: Export) -> None:
    entry = entries(export)["POST api/v1/auth/token/"]
    assert attributes(entry.attributes)["http.response.status_code"] == 500
    queries = [span for span in spans(export.received) if "db.query.text" in attributes(span.attributes)]
    parents = {(span.trace_id, span.parent_span_id) for span in queries}
    # With Redis, the other request has queries too, for its rate limits.
    assert parents <= {(span.trace_id, span.span_id) for span in entries(export).values()}
    assert (entry.trace_id, entry.span_id) in parents


@pytest.mark.parametrize(
    ("request_id", "event", "name"),
    [
        ("my-request-1", "request_failed", "POST api/v1/auth/token/"),
        ("my-request-2", "request_finished", "GET api/v1/users/me/"),
    ],
)
def test_request_log_contains_trace_ids(export: Export, request_id: str, event: str, name: str) -> None:
    entry = entries(export)[name]
    (line,) = [line for line in export.log if line.get("request_id") == request_id]
    assert line["event"] == event
    assert (line["trace_id"], line["span_id"]) == (entry.trace_id.hex(), entry.span_id.hex())


def test_probe_log_contains_no_trace_ids(export: Export) -> None:
    probes = [line for line in export.log if line.get("request", "").startswith("GET /health/")]
    assert len(probes) == 2
    assert not any("trace_id" in line for line in probes)


def test_trace_of_caller_is_continued(export: Export) -> None:
    entry = entries(export)["GET api/v1/users/me/"]
    assert (entry.trace_id.hex(), entry.parent_span_id.hex()) == CALLER


def test_export_contains_no_personal_data(export: Export) -> None:
    sent = b"".join(body for _, body in export.received.received).decode(errors="replace")
    assert [secret for secret in PLANTED if secret in sent] == []


def test_export_has_metrics_of_requests_and_queries(export: Export) -> None:
    found = metrics(export.received)
    points = found["http.server.request.duration"].histogram.data_points
    measured = [attributes(point.attributes) for point in points]
    assert {"http.request.method": "GET", "http.route": "api/v1/users/me/"}.items() <= measured[-1].items()
    assert [point["http.response.status_code"] for point in measured] == [500, 401]
    assert {point.as_int for point in found["http.server.active_requests"].sum.data_points} == {0}
    assert max(found["db.client.operation.duration"].histogram.data_points[0].explicit_bounds) == 10


def test_export_has_resource_attributes(export: Export) -> None:
    (resource,) = resources(export.received)
    assert resource["service.name"] == project.NAME
    assert resource["service.version"] == project.VERSION
    assert resource["region"] == "moon"


def test_baggage_is_not_propagated() -> None:
    process = run_python("-c", FIELDS, OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:1")
    assert set(process.stdout.split()) == {"traceparent", "tracestate"}, process.stderr


@pytest.mark.parametrize(("endpoint", "loaded"), [("", False), ("http://127.0.0.1:1", True)])
def test_opentelemetry_is_imported_only_with_collector(endpoint: str, *, loaded: bool) -> None:
    process = run_python("-c", LOADED, OTEL_EXPORTER_OTLP_ENDPOINT=endpoint)
    assert process.returncode == 0, process.stderr
    assert (int(process.stdout) > 0) is loaded
