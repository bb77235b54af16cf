"""Traces, metrics and errors of a project in production, on PostgreSQL and Redis, and who receives them away."""

from __future__ import annotations

import gzip
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self

import pytest
import requests
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from servers import PATIENCE, PostgreSQL, Redis, Web, eventually, free_port, production

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import TracebackType

pytestmark = pytest.mark.services

HTTPS = {"X-Forwarded-Proto": "https"}
EMAIL = "ann.lee@example.com"
PHRASE = "correct horse battery"
PLANTED = (EMAIL, "ann.lee", PHRASE, "203.0.113.77", "Annabrowser", "eyJhbGciOi", "sessionid-value")
HEADERS = {
    **HTTPS,
    "Authorization": "Bearer eyJhbGciOi",
    "Cookie": "__Host-sessionid=sessionid-value",
    "User-Agent": "Annabrowser",
    "X-Forwarded-For": "203.0.113.77",
}
SERVER, CLIENT, PRODUCER, CONSUMER = 2, 3, 4, 5


class Collector(ThreadingHTTPServer):
    """Keeps what is posted to it; answers once it is `open`."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.received: list[tuple[str, bytes]] = []
        self.open = threading.Event()
        self.open.set()

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.open.set()
        self.shutdown()
        self.server_close()

    def groups(self) -> Iterator[Any]:
        """Yield what each process sent of its spans, batch by batch."""
        for path, body in list(self.received):
            if path == "/v1/traces":
                yield from ExportTraceServiceRequest.FromString(body).resource_spans

    def spans(self) -> list[Any]:
        """Return every span."""
        return [span for group in self.groups() for scope in group.scope_spans for span in scope.spans]

    def named(self, name: str) -> list[Any]:
        """Return the spans with a name."""
        return [span for span in self.spans() if span.name == name]

    def processes(self) -> set[str]:
        """Return the identities of the processes that sent spans."""
        return {values(group.resource.attributes)["service.instance.id"] for group in self.groups()}

    def metrics(self) -> dict[str, Any]:
        """Return the last value of each metric."""
        return {
            metric.name: metric
            for path, body in list(self.received)
            if path == "/v1/metrics"
            for group in ExportMetricsServiceRequest.FromString(body).resource_metrics
            for scope in group.scope_metrics
            for metric in scope.metrics
        }

    def planted(self) -> list[str]:
        """Return what should have stayed where it was."""
        sent = b"\n".join(body for _, body in self.received).decode(errors="replace")
        return [secret for secret in PLANTED if secret in sent]


class Handler(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        self.server.received.append((self.path, body))
        self.server.open.wait(PATIENCE)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name in the base class
        pass


def values(attributes: Any) -> dict[str, Any]:
    """Return attributes as a dictionary."""
    return {pair.key: getattr(pair.value, pair.value.WhichOneof("value")) for pair in attributes}


def lines(output: str) -> list[dict[str, Any]]:
    """Return the lines of a log."""
    return [json.loads(line) for line in output.splitlines() if line.startswith("{")]


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector() as server:
        yield server


@pytest.fixture(scope="module")
def env(everything: Path, postgresql: PostgreSQL, redis: Redis) -> dict[str, str]:
    """Return the environment of all tests but for where they send what."""
    return production(
        everything,
        DATABASE_URL=postgresql.create_database("telemetry"),
        REDIS_URL=redis.url,
        CELERY_BROKER_URL=redis.url,
        OTEL_BSP_SCHEDULE_DELAY="50",
    )


def test_a_request_is_one_trace_with_its_queries_and_commands(
    everything: Path, env: dict[str, str], tmp_path: Path, collector: Collector
) -> None:
    with Web(everything, tmp_path, env | {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url}) as web:
        answer = requests.post(
            f"{web.url}/api/v1/auth/token/?email={EMAIL}",
            json={"email": EMAIL, "password": PHRASE},
            headers=HEADERS,
            timeout=30,
        )
        assert answer.status_code == 401
        (entry,) = eventually(lambda: collector.named("POST api/v1/auth/token/"))
        assert web.stop() == 0
    within = [span for span in collector.spans() if span.trace_id == entry.trace_id]
    systems = {values(span.attributes).get("db.system.name") for span in within if span.kind == CLIENT}
    assert systems == {"postgresql", "redis"}
    (line,) = [line for line in lines(web.output()) if line.get("request_id") == answer.headers["X-Request-ID"]]
    assert (line["trace_id"], line["span_id"]) == (entry.trace_id.hex(), entry.span_id.hex())
    durations = collector.metrics()["http.server.request.duration"].histogram.data_points
    assert [values(point.attributes)["http.route"] for point in durations] == ["api/v1/auth/token/"]
    assert collector.planted() == []


def test_each_process_exports_also_those_that_come_later(
    everything: Path, env: dict[str, str], tmp_path: Path, collector: Collector
) -> None:
    # A process that has answered is replaced.
    variables = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "WEB_MAX_REQUESTS": "1"}
    with Web(everything, tmp_path, env | variables, workers=2) as web:

        def ask() -> bool:
            requests.get(f"{web.url}/api/v1/users/me/", headers=HTTPS, timeout=30)
            return len(collector.processes()) > 2

        eventually(ask, every=0.3)


def test_no_answer_waits_for_a_collector_that_hangs(
    everything: Path, env: dict[str, str], tmp_path: Path, collector: Collector
) -> None:
    collector.open.clear()
    variables = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
        "OTEL_BSP_MAX_QUEUE_SIZE": "20",
        "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "10",
    }
    with Web(everything, tmp_path, env | variables, workers=1) as web:

        def ask() -> None:
            assert requests.get(f"{web.url}/api/v1/users/me/", headers=HTTPS, timeout=30).status_code == 401

        ask()
        eventually(lambda: collector.received)
        for _ in range(60):
            ask()
        assert not collector.open.is_set()
        collector.open.set()
        assert web.stop() == 0
    # What did not fit into the queue is gone.
    assert 0 < len(collector.named("GET api/v1/users/me/")) < 61


def test_a_collector_that_is_away_stops_nothing_and_fills_no_log(
    everything: Path, env: dict[str, str], tmp_path: Path
) -> None:
    variables = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{free_port()}",
        "OTEL_EXPORTER_OTLP_TIMEOUT": "1",
        "OTEL_BSP_SCHEDULE_DELAY": "10",
    }
    with Web(everything, tmp_path, env | variables, workers=1) as web:
        for _ in range(50):
            assert requests.get(f"{web.url}/api/v1/users/me/", headers=HTTPS, timeout=30).status_code == 401
        assert web.stop() == 0
    complaints = [line["event"] for line in lines(web.output()) if line["logger"].startswith("opentelemetry")]
    assert 0 < len(complaints) < 10, complaints


@pytest.mark.parametrize("there", [True, False])
def test_no_answer_waits_for_sentry(
    everything: Path, env: dict[str, str], tmp_path: Path, collector: Collector, *, there: bool
) -> None:
    collector.open.clear()
    host = f"127.0.0.1:{collector.server_port if there else free_port()}"
    # A database without tables: a log-in is a fault.
    variables = {"SENTRY_DSN": f"http://public@{host}/1", "DATABASE_URL": "sqlite://:memory:"}
    with Web(everything, tmp_path, env | variables, workers=1) as web:
        for _ in range(5):
            answer = requests.post(
                f"{web.url}/api/v1/auth/token/",
                json={"email": EMAIL, "password": PHRASE},
                headers=HTTPS,
                timeout=30,
            )
            assert answer.status_code == 500
        if there:
            eventually(lambda: collector.received)
        assert not collector.open.is_set()
        collector.open.set()
        assert web.stop() == 0
