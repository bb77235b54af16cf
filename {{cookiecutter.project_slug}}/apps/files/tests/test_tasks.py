"""Processing of files by a task."""

import pytest
from celery.exceptions import Retry
from kombu.exceptions import OperationalError as BrokerError
from pytest_django import Settings

from apps.core.exceptions import UnavailableError
from apps.files import tasks
from apps.files.models import StoredFile
from apps.files.services import processing
from apps.files.tests import samples
from apps.files.tests.helpers import stored
from conftest import Client


@pytest.fixture(autouse=True)
def _queue(settings: Settings) -> None:
    settings.FILE_QUEUE = "apps.files.tasks.file_process_queue"


def test_task_creates_the_thumbnail(user_api: Client) -> None:
    stored(user_api, "a.png", samples.image("PNG"))
    assert StoredFile.objects.get().has_thumbnail


def test_upload_succeeds_when_the_broker_is_unavailable(
    user_api: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(**_options: object) -> None:
        raise BrokerError("Connection refused")

    monkeypatch.setattr(tasks.file_process, "apply_async", fail)
    assert stored(user_api, "a.png", samples.image("PNG"))["has_thumbnail"] is False


def test_task_is_retried_when_the_decoder_is_busy(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_pk: object) -> None:
        raise UnavailableError

    monkeypatch.setattr(processing, "file_process", fail)
    monkeypatch.setattr(tasks.file_process, "retry", lambda **_options: Retry())
    with pytest.raises(Retry):
        tasks.file_process("0f8fad5b-d9cb-469f-a165-70867728950e")
