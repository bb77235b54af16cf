"""Fixtures of the files tests."""

import pytest
from pytest_django import Settings

from apps.files.content_validation import FILE_TYPES
from apps.users.tests.factories import UserFactory
from conftest import Client


@pytest.fixture(autouse=True)
def _empty_storage(empty_storage: None) -> None:
    """Start each test with an empty storage."""


@pytest.fixture(autouse=True)
def _extensions(settings: Settings) -> None:
    """Allow every extension that has a validator, independent of the project settings."""
    settings.FILE_EXTENSIONS = sorted(FILE_TYPES)


@pytest.fixture(autouse=True)
def _no_scanner(settings: Settings) -> None:
    settings.CLAMD_URL = ""


@pytest.fixture
def other_api(db: None) -> Client:
    """Return a client that is logged in as another user."""
    client = Client()
    client.login_by_token(UserFactory.create())
    return client
