"""Traces, metrics and errors of a project in production, and outages of their receivers."""

from __future__ import annotations

import gzip
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self

import brotli
import pytest
import requests
from baking import run
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from servers import PATIENCE, PostgreSQL, Program, Redis, Web, eventually, free_port, production

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
MAIL = "apps.core.tasks.mail_deliver"
FAILING = f"""
from apps.core.tasks import mail_deliver
mail = {{"builder": "missing", "data": {{"to": "{EMAIL}", "link": "eyJhbGciOi"}}, "language": "en"}}
mail_deliver.apply_async(kwargs=mail)
"""
SERVER, CLIENT, PRODUCER, CONSUMER = 2, 3, 4, 5


class Collector(ThreadingHTTPServer):
    """Receiver that stores requests and responds once `open` is set."""

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
        """Yield the batches of spans of all processes."""
        for path, body in list(self.received):
            if path == "/v1/traces":
                yield from ExportTraceServiceRequest.FromString(body).resource_spans

    def spans(self) -> list[Any]:
        """Return all spans."""
        return [span for group in self.groups() for scope in group.scope_spans for span in scope.spans]

    def named(self, name: str) -> list[Any]:
        """Return the spans with a given name."""
        return [span for span in self.spans() if span.name == name]

    def processes(self) -> set[str]:
        """Return the instance IDs of the processes that sent spans."""
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

    def errors(self) -> list[dict[str, Any]]:
        """Return the Sentry events."""
        envelopes = [body.split(b"\n") for path, body in list(self.received) if path == "/api/1/envelope/"]
        return [json.loads(payload) for _, kind, payload, *_ in envelopes if json.loads(kind)["type"] == "event"]

    def planted(self) -> list[str]:
        """Return the secrets and personal data that were sent."""
        sent = b"\n".join(body for _, body in self.received).decode(errors="replace")
        return [secret for secret in PLANTED if secret in sent]


class Handler(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        decode = {"br": brotli.decompress, "gzip": gzip.decompress}.get(self.headers.get("Content-Encoding", ""), bytes)
        self.server.received.append((self.path, decode(body)))
        self.server.open.wait(PATIENCE)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name in the base class
        pass


def worker(project: Path, folder: Path, env: dict[str, str]) -> Program:
    """Return a worker with one process, not started."""
    celery = project / ".venv" / "bin" / "celery"
    command = "--app config.celery worker --queues critical,default,bulk --concurrency 1 --without-mingle"
    return Program(celery, *command.split(), cwd=project, env=env, log=folder / "worker.log")


def values(attributes: Any) -> dict[str, Any]:
    """Return attributes as a dictionary."""
    return {pair.key: getattr(pair.value, pair.value.WhichOneof("value")) for pair in attributes}


def lines(output: str) -> list[dict[str, Any]]:
    """Return the JSON lines of a log."""
    return [json.loads(line) for line in output.splitlines() if line.startswith("{")]


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector() as server:
        yield server


@pytest.fixture(scope="module")
def env(everything: Path, postgresql: PostgreSQL, redis: Redis) -> dict[str, str]:
    """Return environment variables without the endpoints of the receivers."""
    return production(
        everything,
        DATABASE_URL=postgresql.create_database("telemetry"),
        REDIS_URL=redis.url,
        CELERY_BROKER_URL=redis.url,
        OTEL_BSP_SCHEDULE_DELAY="50",
        THROTTLE_ANON="none",
    )


def test_trace_of_request_contains_queries_and_commands(
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


def test_spans_are_exported_by_every_process_including_replaced_ones(
    everything: Path, env: dict[str, str], tmp_path: Path, collector: Collector
) -> None:
    # Each process is replaced after one request.
    variables = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "WEB_MAX_REQUESTS": "1"}
    with Web(everything, tmp_path, env | variables, workers=2) as web:

        def ask() -> bool:
            requests.get(f"{web.url}/api/v1/users/me/", headers=HTTPS, timeout=30)
            return len(collector.processes()) > 2

        eventually(ask, every=0.3)


def test_responses_do_not_wait_for_hanging_collector(
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
    # Spans that exceeded the queue were dropped.
    assert 0 < len(collector.named("GET api/v1/users/me/")) < 61


def test_unavailable_collector_neither_blocks_nor_floods_log(
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


def test_trace_of_request_includes_queued_task(
    everything: Path, env: dict[str, str], tmp_path: Path, collector: Collector
) -> None:
    variables = env | {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "EMAIL_FILE_PATH": str(tmp_path / "mails")}
    with Web(everything, tmp_path, variables) as web, worker(everything, tmp_path, variables) as tasks:
        answer = requests.post(
            f"{web.url}/api/v1/auth/register/",
            json={"email": EMAIL, "password": PHRASE},
            headers=HEADERS,
            timeout=30,
        )
        assert answer.status_code == 202
        (task,) = eventually(lambda: collector.named(f"run/{MAIL}"))
        # Graceful shutdown finishes running tasks and flushes spans.
        assert tasks.stop() == 0
        assert web.stop() == 0
    (entry,) = collector.named("POST api/v1/auth/register/")
    (queued,) = collector.named(f"apply_async/{MAIL}")
    assert {span.trace_id for span in (entry, queued, task)} == {entry.trace_id}
    assert (entry.kind, queued.kind, task.kind) == (SERVER, PRODUCER, CONSUMER)
    assert (queued.parent_span_id, task.parent_span_id) == (entry.span_id, queued.span_id)
    within = [span for span in collector.spans() if span.parent_span_id in {entry.span_id, queued.span_id}]
    assert {values(span.attributes).get("db.system.name") for span in within} >= {"postgresql", "redis"}
    within = [span for span in collector.spans() if span.parent_span_id == task.span_id]
    assert {values(span.attributes).get("db.system.name") for span in within} == {"postgresql"}
    assert len(collector.processes()) == 2

    named = [line for line in lines(tasks.output()) if line.get("trace_id") == entry.trace_id.hex()]
    assert {line["event"] for line in named} >= {"task_succeeded"}
    assert {line["request_id"] for line in named} == {answer.headers["X-Request-ID"]}
    points = collector.metrics()["flower.task.runtime.seconds"].histogram.data_points
    assert MAIL in {values(point.attributes)["task"] for point in points}
    assert collector.planted() == []


def test_failed_task_is_reported_to_sentry_without_arguments(
    everything: Path, env: dict[str, str], tmp_path: Path, collector: Collector
) -> None:
    variables = env | {"SENTRY_DSN": collector.url.replace("//", "//public@") + "/1"}
    with worker(everything, tmp_path, variables):
        shell = (everything / ".venv" / "bin" / "python", "manage.py", "shell", "-v", "0", "-c", FAILING)
        run(*shell, cwd=everything, env=variables)
        (event,) = eventually(collector.errors)
    assert event["exception"]["values"][-1]["type"] == "KeyError"
    assert event["transaction"] == MAIL
    assert event["tags"]["task_id"]
    assert collector.planted() == []


@pytest.mark.parametrize("there", [True, False])
def test_responses_do_not_wait_for_sentry(
    everything: Path, env: dict[str, str], tmp_path: Path, collector: Collector, *, there: bool
) -> None:
    collector.open.clear()
    host = f"127.0.0.1:{collector.server_port if there else free_port()}"
    # A database without tables: a login raises an error.
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
