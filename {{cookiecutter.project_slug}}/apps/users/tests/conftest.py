"""Fixtures for the tests of this app."""

import pytest

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
