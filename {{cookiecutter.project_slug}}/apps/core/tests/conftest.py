"""Fixtures of this app's tests."""

import pytest

from apps.users.tests.factories import SuperuserFactory
from conftest import Client


@pytest.fixture
def staff_api(db: None) -> Client:
    api = Client()
    api.force_authenticate(SuperuserFactory.create())
    return api
