"""Failures of other services, on a real server: hanging, slow, hostile and recovering ones."""

import gzip
import logging
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from threading import Barrier, Event, Thread
from typing import Any

import httpx2
import pytest
from django.urls import reverse

from apps.core.exceptions import UnavailableError
from apps.core.http_client import MAX_RETRY_AFTER, ServiceClient
from apps.core.tests import test_http_client
from apps.core.tests.test_http_client import Handler, Service
from conftest import Client
from tests.sampleapp.views import FailureView

# The fixtures of the short tests.
service = test_http_client.service
client = test_http_client.client
pauses = test_http_client.pauses

UNREACHABLE = "http://127.0.0.1:1/"


class Hasty(ServiceClient):
    """Client with short timeouts."""

    read_timeout = 0.2
    total_timeout = 0.5


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Return a list with the time of the circuit breakers."""
    now = [1000.0]
    monkeypatch.setattr("infrastructure.circuit_breaker.monotonic", lambda: now[0])
    return now


@pytest.fixture
def hang(monkeypatch: pytest.MonkeyPatch) -> Iterator[Event]:
    """Make the service wait for an event before it responds."""
    event = Event()
    respond = Handler.respond

    def wait(self: Handler) -> None:
        event.wait(30)
        respond(self)

    monkeypatch.setattr(Handler, "do_GET", wait)
    yield event
    event.set()


def fail(client: ServiceClient, method: str = "POST", **options: Any) -> UnavailableError:
    with pytest.raises(UnavailableError) as raised:
        client.request(method, "charges", **options)
    return raised.value


@pytest.mark.parametrize("method", ["DELETE", "GET", "HEAD", "OPTIONS", "PUT", "get"])
def test_idempotent_methods_are_repeated(pauses: list[float], method: str) -> None:
    attempts = []

    def respond(request: httpx2.Request) -> httpx2.Response:
        attempts.append(request.method)
        return httpx2.Response(503 if len(attempts) < 3 else 200)

    client = ServiceClient("payments", "https://payments.test", transport=httpx2.MockTransport(respond))
    assert client.request(method, "charges").is_success
    assert attempts == [method.upper()] * 3
    assert 0.1 <= pauses[0] <= 0.2
    assert 0.2 <= pauses[1] <= 0.4


@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_other_methods_are_not_repeated(method: str) -> None:
    sent = []

    def refuse(request: httpx2.Request) -> httpx2.Response:
        sent.append(request)
        raise httpx2.ConnectError("refused")

    client = ServiceClient("payments", "https://payments.test", transport=httpx2.MockTransport(refuse))
    assert str(fail(client, method)) == "payments: ConnectError"
    assert len(sent) == 1


@pytest.mark.parametrize("status", [400, 401, 404, 409, 422])
def test_client_errors_are_returned_and_keep_the_circuit_closed(
    client: ServiceClient, service: Service, status: int
) -> None:
    service.respond(status)
    for _ in range(8):
        assert client.request("GET", "charges").status_code == status
    assert len(service.requests) == 8


def test_too_many_requests_keep_the_circuit_closed(client: ServiceClient, service: Service) -> None:
    service.respond(429)
    for _ in range(8):
        assert fail(client).wait is None
    assert len(service.requests) == 8


@pytest.mark.parametrize(
    "location", ["http://[", "javascript:alert(1)", "//", "/%zz", "http://\u00fc.\u00df/"]
)
def test_redirect_to_an_invalid_url_is_returned_or_unavailable(
    client: ServiceClient, service: Service, location: str
) -> None:
    service.respond(302, Location=location)
    try:
        assert client.request("GET", "charges").status_code == 302
    except UnavailableError as error:
        assert str(error) == "payments: RemoteProtocolError"  # noqa: PT017 - either is fine


@pytest.mark.parametrize("status", [500, 501, 505])
def test_permanent_server_errors_are_not_repeated(
    client: ServiceClient, service: Service, status: int
) -> None:
    service.respond(status)
    assert str(fail(client, "GET")) == f"payments: {status}"
    assert len(service.requests) == 1


def test_response_after_failures_is_returned(client: ServiceClient, service: Service) -> None:
    service.respond(502, 504, 200, content=b"paid")
    assert client.request("GET", "charges").content == b"paid"


@pytest.mark.usefixtures("hang")
def test_hanging_service_is_unavailable_after_the_read_timeout(service: Service) -> None:
    assert str(fail(Hasty("payments", service.url), "GET")) == "payments: ReadTimeout"
    # The server has not responded yet.
    assert service.requests == []


@pytest.mark.usefixtures("hang")
def test_read_timeout_is_at_most_the_remaining_total_timeout(service: Service) -> None:
    client = ServiceClient("payments", service.url)
    client.total_timeout = 0.2
    assert str(fail(client, "GET")) == "payments: ReadTimeout"
    assert service.requests == []


def test_unreachable_service_is_unavailable(pauses: list[float]) -> None:
    assert str(fail(ServiceClient("payments", UNREACHABLE), "GET")) == "payments: ConnectError"
    assert len(pauses) == 2


def test_slow_body_ends_at_the_total_timeout(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """Use a service that sends one byte at a time, each within the read timeout."""
    ended = Event()

    def trickle(self: Handler) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        try:
            while not ended.wait(0.02):
                self.wfile.write(b"x")
        except OSError:
            ended.set()

    monkeypatch.setattr(Handler, "do_GET", trickle)
    try:
        assert str(fail(Hasty("payments", service.url), "GET")) == "payments: TotalTimeout"
        assert ended.wait(30), "the connection was not closed"
    finally:
        ended.set()


def test_body_that_ends_early_is_no_response(service: Service, client: ServiceClient) -> None:
    service.respond(200, content=b"half", Content_Length="8", Connection="close")
    assert str(fail(client, "GET")) == "payments: RemoteProtocolError"
    assert len(service.requests) == 3


def test_compressed_response_is_limited_after_decompression(client: ServiceClient, service: Service) -> None:
    content = gzip.compress(bytes(200 * client.max_bytes))
    assert len(content) < client.max_bytes
    service.respond(200, content=content, Content_Encoding="gzip")
    assert str(fail(client, "GET")) == "payments: ResponseTooLarge"
    content = gzip.compress(b'{"paid": true}')
    service.respond(200, content=content, Content_Encoding="gzip")
    assert client.request("GET", "charges").json() == {"paid": True}


def test_response_of_the_maximum_size_is_returned(client: ServiceClient, service: Service) -> None:
    service.respond(200, content=b"x" * client.max_bytes)
    assert len(client.request("GET", "charges").content) == client.max_bytes


def test_invalid_compression_is_no_response(client: ServiceClient, service: Service) -> None:
    service.respond(200, content=b"no gzip", Content_Encoding="gzip")
    assert str(fail(client, "GET")) == "payments: DecodingError"


@pytest.mark.parametrize(
    ("value", "wait"),
    [
        ("120", 120),
        ("0", 0),
        (format_datetime(datetime.now(UTC) + timedelta(hours=9)), MAX_RETRY_AFTER),
        (format_datetime(datetime.now(UTC) - timedelta(hours=9)), 0),
        ("9" * 400, MAX_RETRY_AFTER),
        ("9" * 5000, MAX_RETRY_AFTER),
        ("Fri, 31 Feb 9999999 00:00:00 GMT", None),
        ("-5", None),
        ("1.5", None),
        ("soon", None),
        ("²", None),
        ("", None),
    ],
)
def test_retry_after_is_parsed_and_bounded(value: str, wait: float | None) -> None:
    header = {b"Retry-After": value.encode("latin-1")}
    transport = httpx2.MockTransport(lambda _request: httpx2.Response(503, headers=header))
    client = ServiceClient("payments", "https://payments.test", transport=transport)
    assert fail(client).wait == wait


def test_circuit_breaker_lets_one_of_many_callers_through(
    client: ServiceClient, service: Service, clock: list[float]
) -> None:
    service.respond(500)
    for _ in range(5):
        fail(client)
    clock[0] += 31
    start = Barrier(8)

    def call() -> None:
        start.wait(30)
        fail(client)

    callers = [Thread(target=call) for _ in range(8)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join(30)
    assert len(service.requests) == 6


def test_circuit_breaker_opens_again_after_a_failed_probe(
    client: ServiceClient, service: Service, clock: list[float]
) -> None:
    service.respond(503)
    for _ in range(5):
        fail(client)
    clock[0] += 31
    # One attempt: the failed probe opens the circuit for the second one.
    assert "circuit breaker is open" in str(fail(client, "GET"))
    assert len(service.requests) == 6
    clock[0] += 29
    fail(client)
    assert len(service.requests) == 6
    clock[0] += 2
    service.respond(200)
    assert client.request("GET", "charges").is_success


def test_circuit_breaker_counts_consecutive_failures(client: ServiceClient, service: Service) -> None:
    for _ in range(3):
        service.respond(500)
        for _ in range(4):
            fail(client)
        service.respond(200)
        assert client.request("GET", "charges").is_success


def test_circuit_breakers_of_services_are_independent(service: Service) -> None:
    broken = ServiceClient("broken", UNREACHABLE)
    for _ in range(6):
        fail(broken)
    assert "circuit breaker is open" in str(fail(broken))
    assert ServiceClient("payments", service.url).request("GET", "charges").is_success


def test_cookies_are_not_sent_back(client: ServiceClient, service: Service) -> None:
    service.respond(200, Set_Cookie="session=of-ada; Path=/")
    client.request("GET", "charges")
    client.request("GET", "charges")
    assert "Cookie" not in service.requests[1][2]


def test_credentials_of_the_client_are_sent(service: Service) -> None:
    client = ServiceClient("payments", service.url, headers={"Authorization": "Bearer 4711"})
    client.request("GET", "charges")
    assert service.requests[0][2]["Authorization"] == "Bearer 4711"


@pytest.mark.parametrize("path", ["http://127.0.0.1:1/", "HTTPS://example.com/", "http://localhost/"])
def test_path_with_another_origin_is_rejected(client: ServiceClient, service: Service, path: str) -> None:
    with pytest.raises(ValueError, match="relative"):
        client.request("GET", path)
    assert service.requests == []


def test_path_that_looks_like_a_host_stays_on_the_service(client: ServiceClient, service: Service) -> None:
    client.request("GET", "//example.com/charges")
    assert len(service.requests) == 1


def test_streamed_content_is_sent_again(client: ServiceClient, service: Service) -> None:
    service.respond(503, 200)
    content = iter([b"am", b"ount"])
    assert client.request("POST", "charges", content=content, idempotency_key="charge-7").is_success
    assert [headers["Idempotency-Key"] for _, _, headers in service.requests] == ["charge-7", "charge-7"]


def test_error_of_the_caller_is_raised_and_keeps_the_circuit_closed(
    client: ServiceClient, service: Service
) -> None:
    for _ in range(6):
        with pytest.raises(httpx2.LocalProtocolError):
            client.request("GET", "charges", headers={"X-Name": "a\r\nX-Admin: 1"})
    assert client.request("GET", "charges").is_success


def test_request_without_context_has_no_request_id(client: ServiceClient, service: Service) -> None:
    client.request("GET", "charges")
    assert "X-Request-ID" not in service.requests[0][2]


@pytest.mark.django_db
@pytest.mark.urls("tests.sampleapp.urls")
def test_unavailable_service_is_problem_details_with_retry_after(
    api: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(FailureView.failures, "service", UnavailableError("payments: 503", wait=29.1))
    response = api.get(reverse("failure", args=["service"]))
    assert response.status_code == 503
    assert response["Retry-After"] == "30"
    assert response.json()["type"] == "urn:problem:service_unavailable"
    assert "payments" not in response.json()["detail"]


@pytest.mark.process
def test_import_of_the_client_does_not_load_the_library() -> None:
    code = "import sys, apps.core.http_client; sys.exit('httpx2' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)  # noqa: S603 - no input


def test_library_logs_no_requests(
    client: ServiceClient, service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    client.request("GET", "charges")
    assert [record.name for record in caplog.records] == ["apps.core.http_client"]
    for name in ("httpcore2.http11", "httpx2"):
        assert not logging.getLogger(name).isEnabledFor(logging.INFO)


def test_large_response_is_not_read(client: ServiceClient, service: Service) -> None:
    service.respond(200, content=b"x" * (client.max_bytes + 1))
    with pytest.raises(UnavailableError, match="ResponseTooLarge"):
        client.request("GET", "charges")
    assert len(service.requests) == 1


def test_redirect_is_not_followed(client: ServiceClient, service: Service) -> None:
    service.respond(302, Location=f"{service.url}/other")
    assert client.request("GET", "charges").status_code == 302
    assert len(service.requests) == 1


def test_log_contains_no_query_string(
    client: ServiceClient, service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    service.respond(404)
    client.request("GET", "charges", params={"iban": "DE89"}, headers={"Authorization": "Bearer 4711"})
    assert "service_request" in caplog.text
    assert "'status': 404" in caplog.text
    assert not {"DE89", "4711"} & set(caplog.text.replace("'", " ").replace("=", " ").split())
