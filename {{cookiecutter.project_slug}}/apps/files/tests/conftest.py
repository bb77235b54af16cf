"""Fixtures for the tests of this app."""

import pytest
from pytest_django import Settings

from apps.users.tests.factories import UserFactory
from conftest import Client


@pytest.fixture(autouse=True)
def _empty_storage(settings: Settings) -> None:
    # A changed setting makes Django open the storage anew; this one is in memory.
    settings.STORAGES = {**settings.STORAGES}


@pytest.fixture
def other_api(db: None) -> Client:
    """A client that is logged in as somebody else."""
    client = Client()
    client.login_by_token(UserFactory.create())
    return client
