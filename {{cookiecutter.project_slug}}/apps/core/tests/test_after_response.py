import asyncio
from collections.abc import Iterator
from threading import Thread
from typing import Any
from urllib.request import urlopen
from wsgiref.simple_server import ServerHandler, WSGIRequestHandler, make_server

import pytest
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, HttpResponse
from django.test import AsyncRequestFactory
from django.urls import path

from apps.core.after_response import after_response

happened: list[str] = []


def fail() -> None:
    raise RuntimeError("the mail server is away")


def order(request: HttpRequest) -> HttpResponse:
    after_response(lambda: happened.append("first job"))
    after_response(fail)
    after_response(lambda: happened.append("second job"))
    happened.append("view")
    return HttpResponse("answer")


def no_jobs(request: HttpRequest) -> HttpResponse:
    return HttpResponse("answer")


urlpatterns = [path("order", order), path("no-jobs", no_jobs)]

pytestmark = pytest.mark.urls(__name__)


@pytest.fixture(autouse=True)
def _nothing_happened() -> Iterator[None]:
    happened.clear()
    yield
    happened.clear()


class Handler(WSGIRequestHandler):
    """Notes when the answer went out, and keeps quiet."""

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name in the base class
        pass

    def handle(self) -> None:
        self.raw_requestline = self.rfile.readline(65537)
        if self.parse_request():
            handler = NotingHandler(self.rfile, self.wfile, self.get_stderr(), self.get_environ())  # type: ignore[arg-type]
            handler.request_handler = self  # type: ignore[attr-defined]
            handler.run(self.server.get_app())  # type: ignore[attr-defined]


class NotingHandler(ServerHandler):
    def write(self, data: bytes) -> None:
        super().write(data)
        self._flush()
        happened.append(f"sent {data.decode()}")


def test_jobs_run_once_the_answer_is_sent_and_one_that_fails_stops_no_other(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with make_server("127.0.0.1", 0, WSGIHandler(), handler_class=Handler) as server:
        thread = Thread(target=server.handle_request)
        thread.start()
        with urlopen(f"http://127.0.0.1:{server.server_port}/order", timeout=30) as response:
            assert response.read() == b"answer"
        thread.join(30)
    assert happened == ["view", "sent answer", "first job", "second job"]
    (failure,) = [record for record in caplog.records if record.exc_info]
    assert "job_failed" in failure.getMessage()


def test_a_job_of_one_request_does_not_run_in_the_next(client: Any) -> None:
    client.get("/order")
    assert happened == ["view", "first job", "second job"]
    client.get("/no-jobs")
    assert happened == ["view", "first job", "second job"]


def test_outside_of_a_request_a_job_runs_at_once(caplog: pytest.LogCaptureFixture) -> None:
    after_response(lambda: happened.append("job"))
    assert happened == ["job"]
    after_response(fail)
    assert "job_failed" in caplog.text


def test_jobs_run_after_the_answer_of_an_asynchronous_server_too() -> None:
    scope = {**AsyncRequestFactory().get("/order").scope, "type": "http"}
    messages = iter([{"type": "http.request", "body": b""}])

    async def receive() -> dict[str, Any]:
        for message in messages:
            return message
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: Any) -> None:
        happened.append(message["type"])

    asyncio.run(ASGIHandler()(scope, receive, send))
    assert happened == ["view", "http.response.start", "http.response.body", "first job", "second job"]
