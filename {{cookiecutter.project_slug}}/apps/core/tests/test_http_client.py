from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
import structlog

from apps.core import http_client
from apps.core.exceptions import UnavailableError
from apps.core.http_client import ServiceClient


class Service(ThreadingHTTPServer):
    """Server on a free port that sends the given responses in order, and repeats the last one."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.responses: list[tuple[int, dict[str, str], bytes]] = [(200, {}, b"")]
        self.requests: list[tuple[str, str, dict[str, str]]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"

    def respond(self, *statuses: int, content: bytes = b"", **headers: str) -> None:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.responses = [(status, named, content) for status in statuses]


class Handler(BaseHTTPRequestHandler):
    server: Service

    def respond(self) -> None:
        self.server.requests.append((self.command, self.path, dict(self.headers)))
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        responses = self.server.responses
        status, headers, content = responses.pop(0) if len(responses) > 1 else responses[0]
        self.send_response(status)
        for name, value in {"Content-Length": str(len(content)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = respond  # noqa: N815 - names of the base class

    def log_message(self, *args: Any) -> None:
        """Print nothing."""


@pytest.fixture
def service() -> Iterator[Service]:
    with Service() as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def client(service: Service) -> ServiceClient:
    return ServiceClient("payments", service.url)


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Return the pauses between attempts, which tests do not wait for."""
    pauses: list[float] = []
    monkeypatch.setattr(http_client, "sleep", pauses.append)
    return pauses


def test_request_passes_request_id_on(client: ServiceClient, service: Service) -> None:
    service.respond(200, content=b'{"paid": true}')
    with structlog.contextvars.bound_contextvars(request_id="0f8fad5b-d9cb"):
        response = client.request("GET", "/charges/7", params={"currency": "EUR"})
    assert response.json() == {"paid": True}
    method, path, headers = service.requests[0]
    assert (method, path) == ("GET", "/v1/charges/7?currency=EUR")
    assert headers["X-Request-ID"] == "0f8fad5b-d9cb"


@pytest.mark.parametrize(
    ("method", "key", "attempts"), [("GET", "", 3), ("POST", "", 1), ("POST", "charge-7", 3)]
)
def test_request_is_repeated_only_if_it_is_idempotent(
    client: ServiceClient, service: Service, method: str, key: str, attempts: int
) -> None:
    service.respond(503)
    with pytest.raises(UnavailableError, match="payments: 503"):
        client.request(method, "charges", idempotency_key=key)
    assert len(service.requests) == attempts


def test_retry_after_is_waited_for_within_the_total_timeout(
    client: ServiceClient, service: Service, pauses: list[float]
) -> None:
    service.respond(503, 200, Retry_After="3")
    assert client.request("GET", "charges").is_success
    assert pauses == [3]
    service.respond(429, Retry_After="60")
    with pytest.raises(UnavailableError) as raised:
        client.request("GET", "charges")
    assert pauses == [3]
    assert raised.value.wait == 60


def test_circuit_breaker_opens_after_five_failures_and_recovers(
    client: ServiceClient, service: Service, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    now = 1000.0
    monkeypatch.setattr("infrastructure.circuit_breaker.monotonic", lambda: now)
    service.respond(500)
    for _ in range(7):
        with pytest.raises(UnavailableError) as raised:
            client.request("POST", "charges")
    assert len(service.requests) == 5
    assert raised.value.wait == 30
    assert caplog.text.count("service_unavailable") == 1
    now += 31
    service.respond(200)
    assert client.request("GET", "charges").is_success
    assert client.request("GET", "charges").is_success
    assert "service_available" in caplog.text


def test_path_to_another_server_is_rejected(client: ServiceClient, service: Service) -> None:
    with pytest.raises(ValueError, match="relative"):
        client.request("GET", "https://example.com/charges")
