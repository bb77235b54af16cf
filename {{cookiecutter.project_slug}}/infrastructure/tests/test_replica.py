from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy

import pytest
from django.db import connections, transaction
from django.test import Client as DjangoClient
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django import Settings

from apps.users.models import User
from apps.users.tests.factories import SuperuserFactory
from conftest import Client
from infrastructure.database.replica import ReplicaRouter, replica_allowed
from tests.sampleapp.factories import NoteFactory
from tests.sampleapp.models import Note

pytestmark = [
    pytest.mark.django_db(transaction=True, databases=["default", "replica"]),
    pytest.mark.urls("tests.sampleapp.urls"),
]


@pytest.fixture(scope="module", autouse=True)
def _replica(django_db_setup: None) -> Iterator[None]:
    """A second connection to the database of the tests."""
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
    """Assert which of the two is asked inside."""
    with CaptureQueriesContext(connections["default"]) as on_primary:  # noqa: SIM117 - one line would be too long
        with CaptureQueriesContext(connections["replica"]) as on_replica:
            yield
    assert (bool(on_primary), bool(on_replica)) == (primary, replica), [*on_primary, *on_replica]


def test_reads_of_safe_requests_go_to_the_replica(api: Client) -> None:
    note = NoteFactory.create()
    with queries(primary=False, replica=True):
        assert api.get(reverse("note-list")).json()["results"] == [{"id": str(note.pk), "text": note.text}]


def test_requests_that_change_something_stay_on_the_primary(api: Client) -> None:
    url = reverse("note-detail", args=[NoteFactory.create().pk])
    with queries(primary=True, replica=False):
        assert api.patch(url, {"text": "changed"}).json()["text"] == "changed"


def test_who_asks_is_looked_up_on_the_primary_and_what_they_ask_for_on_the_replica() -> None:
    staff = SuperuserFactory.create()
    api = Client()
    api.login_by_token(staff)
    with queries(primary=True, replica=False):
        assert api.get(reverse("v1:users:me")).status_code == 200
    with queries(primary=True, replica=True):
        assert api.get(reverse("v1:users:user-list")).status_code == 200


def test_an_end_of_a_session_holds_at_once_however_late_the_replica_is(user: User) -> None:
    api = Client()
    api.login_by_token(user)
    api.post(reverse("v1:auth:logout-all"))
    with queries(primary=True, replica=False):
        assert api.get(reverse("v1:users:me")).status_code == 401


def test_people_in_the_admin_see_what_they_just_saved() -> None:
    browser = DjangoClient()
    browser.force_login(SuperuserFactory.create())
    with queries(primary=True, replica=False):
        assert browser.get(reverse("admin:users_user_changelist")).status_code == 200


def test_what_was_written_is_read_where_it_was_written() -> None:
    with replica_allowed(allowed=True):
        with queries(primary=False, replica=True):
            assert not Note.objects.exists()
        note = NoteFactory.create()
        with queries(primary=True, replica=False):
            assert Note.objects.get() == note


def test_reads_in_a_transaction_stay_in_it() -> None:
    with replica_allowed(allowed=True), transaction.atomic(), queries(primary=True, replica=False):
        assert not Note.objects.exists()


def test_outside_of_requests_everything_is_on_the_primary() -> None:
    with queries(primary=True, replica=False):
        assert not Note.objects.exists()


def test_only_the_primary_is_migrated() -> None:
    assert ReplicaRouter().allow_migrate("default", "users")
    assert not ReplicaRouter().allow_migrate("replica", "users")


def test_rows_of_both_may_be_related(user: User) -> None:
    with replica_allowed(allowed=True):
        owner = User.objects.get()
    assert owner._state.db == "replica"  # noqa: SLF001 - Django's documented model state
    assert NoteFactory.create(owner=owner).owner == user
