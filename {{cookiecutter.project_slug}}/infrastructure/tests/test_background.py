import time
from collections.abc import Iterator
from threading import Event

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path
from pytest_django import Settings

from infrastructure.background import in_background

DEADLINE = 30

pytestmark = pytest.mark.urls(__name__)

answered, done = Event(), Event()


def order(request: HttpRequest) -> HttpResponse:
    """Respond while the job waits for the end of the response."""

    def job() -> None:
        assert answered.wait(DEADLINE)
        done.set()

    in_background(job)
    return HttpResponse("answer")


urlpatterns = [path("order", order)]


@pytest.fixture(autouse=True)
def _threads(settings: Settings) -> Iterator[None]:
    settings.BACKGROUND_THREADS = True
    yield
    answered.clear()
    done.clear()


def fail() -> None:
    raise RuntimeError("the mail server is away")


def test_response_does_not_wait_for_jobs(client: Client) -> None:
    assert client.get("/order").content == b"answer"
    assert not done.is_set()
    answered.set()
    assert done.wait(DEADLINE)


def test_job_failure_is_logged_and_stops_no_other_job(caplog: pytest.LogCaptureFixture) -> None:
    # More than there are threads.
    for _ in range(4):
        in_background(fail)
    in_background(done.set)
    assert done.wait(DEADLINE)
    deadline = time.monotonic() + DEADLINE
    while len(failures := [line for line in caplog.records if line.exc_info]) < 4:
        assert time.monotonic() < deadline
    assert all("job_failed" in line.getMessage() for line in failures)
