"""Fixtures for the tests of this app."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection

from apps.users.models import User
from apps.users.tests.factories import StaffFactory, SuperuserFactory
from conftest import Client


@pytest.fixture
def staff_api(db: None) -> Client:
    """An API client that is logged in as a member of staff without further permissions."""
    client = Client()
    client.login_by_token(StaffFactory.create(email="staff@example.com"))
    return client


@pytest.fixture
def superuser(db: None) -> User:
    return SuperuserFactory.create(email="root@example.com")


@pytest.fixture
def concurrent_db(transactional_db: None, tmp_path: Path) -> Iterator[None]:
    """A database for many threads.

    SQLite's in memory has only table locks, on which nobody waits: a file takes its place, as in production.
    Source: https://www.sqlite.org/sharedcache.html#shared_cache_locking_model
    """
    if connection.vendor != "sqlite":
        yield
        return
    connection.ensure_connection()
    memory, name = connection.connection, connection.settings_dict["NAME"]
    file = tmp_path / "concurrent.sqlite3"
    copy = sqlite3.connect(file)
    memory.backup(copy)
    copy.close()
    connection.connection, connection.settings_dict["NAME"] = None, str(file)
    yield
    connection.close()
    connection.connection, connection.settings_dict["NAME"] = memory, name
