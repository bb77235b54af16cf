"""Updates of the index by a task; only with Celery."""

from typing import Any

import pytest
from kombu.exceptions import OperationalError

from apps.search import tasks
from apps.search.models import SearchEntry
from tests.sampleapp.models import Measurement

pytestmark = pytest.mark.django_db

KIND = "sampleapp.measurement"


def test_index_is_updated_without_a_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    def unavailable(**_options: Any) -> None:
        raise OperationalError

    row = Measurement.objects.create(label="kettle")
    monkeypatch.setattr(tasks.entries_write, "apply_async", unavailable)
    tasks.entries_queue(kind=KIND, keys=[str(row.pk)])
    assert SearchEntry.objects.get().title == "kettle"


def test_changes_queue_a_task(monkeypatch: pytest.MonkeyPatch, add: Any) -> None:
    queued: list[Any] = []
    monkeypatch.setattr(
        tasks.entries_write, "apply_async", lambda **options: queued.append(options["kwargs"])
    )
    row = add("kettle")
    assert queued == [{"kind": KIND, "keys": [str(row.pk)]}]
