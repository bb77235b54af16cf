from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django import Settings

from conftest import Client
from infrastructure.database.replica import replica_allowed
from tests.sampleapp.factories import NoteFactory
from tests.sampleapp.models import Note

pytestmark = [
    pytest.mark.django_db(transaction=True, databases=["default", "replica"]),
    pytest.mark.urls("tests.sampleapp.urls"),
]


@pytest.fixture(scope="module", autouse=True)
def _replica(django_db_setup: None) -> Iterator[None]:
    """Add a second connection to the test database."""
    connections.settings["replica"] = deepcopy(connections.settings["default"])
    yield
    connections["replica"].close()
    del connections["replica"]
    del connections.settings["replica"]


@pytest.fixture(autouse=True)
def _router(settings: Settings) -> None:
    settings.DATABASE_ROUTERS = ["infrastructure.database.replica.ReplicaRouter"]


@contextmanager
def queries(*, primary: bool, replica: bool) -> Iterator[None]:
    """Assert which databases the block queries."""
    with CaptureQueriesContext(connections["default"]) as on_primary:  # noqa: SIM117 - one line would be too long
        with CaptureQueriesContext(connections["replica"]) as on_replica:
            yield
    assert (bool(on_primary), bool(on_replica)) == (primary, replica), [*on_primary, *on_replica]


def test_safe_request_reads_from_replica(api: Client) -> None:
    note = NoteFactory.create()
    with queries(primary=False, replica=True):
        assert api.get(reverse("note-list")).json()["results"] == [{"id": str(note.pk), "text": note.text}]


def test_unsafe_request_uses_primary(api: Client) -> None:
    url = reverse("note-detail", args=[NoteFactory.create().pk])
    with queries(primary=True, replica=False):
        assert api.patch(url, {"text": "changed"}).json()["text"] == "changed"


def test_read_after_write_uses_primary() -> None:
    with replica_allowed(allowed=True):
        with queries(primary=False, replica=True):
            assert not Note.objects.exists()
        note = NoteFactory.create()
        with queries(primary=True, replica=False):
            assert Note.objects.get() == note
