"""Background jobs: context, and jobs without threads."""

from collections.abc import Iterator
from threading import current_thread

import pytest
import structlog
from django.utils.translation import get_language, override
from pytest_django import Settings

from infrastructure.background import in_background
from infrastructure.tests.test_background import DEADLINE, done, fail


@pytest.fixture(autouse=True)
def _threads(settings: Settings) -> Iterator[None]:
    settings.BACKGROUND_THREADS = True
    yield
    done.clear()


def test_job_has_language_and_log_context_of_request() -> None:
    seen: list[object] = []

    def job() -> None:
        seen.extend(
            [get_language(), structlog.contextvars.get_contextvars()["request_id"], current_thread().name]
        )
        done.set()

    with override("de"), structlog.contextvars.bound_contextvars(request_id="my-request"):
        in_background(job)
    assert done.wait(DEADLINE)
    assert seen[:2] == ["de", "my-request"]
    assert str(seen[2]).startswith("background")


def test_job_runs_synchronously_without_threads(settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    settings.BACKGROUND_THREADS = False
    in_background(fail)
    assert "job_failed" in caplog.text
    in_background(done.set)
    assert done.is_set()
