"""Database of each kind of code when a replica is configured."""

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


def test_authentication_uses_primary_and_view_uses_replica() -> None:
    staff = SuperuserFactory.create()
    api = Client()
    api.login_by_token(staff)
    with queries(primary=True, replica=False):
        assert api.get(reverse("v1:users:me")).status_code == 200
    with queries(primary=True, replica=True):
        assert api.get(reverse("v1:users:user-list")).status_code == 200


def test_session_revocation_is_read_from_primary(user: User) -> None:
    api = Client()
    api.login_by_token(user)
    api.post(reverse("v1:auth:logout-all"))
    with queries(primary=True, replica=False):
        assert api.get(reverse("v1:users:me")).status_code == 401


def test_admin_reads_from_primary() -> None:
    browser = DjangoClient()
    browser.force_login(SuperuserFactory.create())
    with queries(primary=True, replica=False):
        assert browser.get(reverse("admin:users_user_changelist")).status_code == 200


def test_code_outside_requests_uses_primary() -> None:
    with queries(primary=True, replica=False):
        assert not Note.objects.exists()


def test_migrations_run_only_on_primary() -> None:
    assert ReplicaRouter().allow_migrate("default", "users")
    assert not ReplicaRouter().allow_migrate("replica", "users")


def test_relation_between_replica_and_primary_is_allowed(user: User) -> None:
    with replica_allowed(allowed=True):
        owner = User.objects.get()
    assert owner._state.db == "replica"  # noqa: SLF001 - Django's documented model state
    assert NoteFactory.create(owner=owner).owner == user


def test_transaction_reads_from_primary() -> None:
    with replica_allowed(allowed=True), transaction.atomic(), queries(primary=True, replica=False):
        assert not Note.objects.exists()
