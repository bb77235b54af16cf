"""Fixtures for the tests of this app."""

import pytest
from pytest_django import Settings

from apps.files.content_validation import KINDS
from apps.users.tests.factories import UserFactory
from conftest import Client


@pytest.fixture(autouse=True)
def _empty_storage(empty_storage: None) -> None:
    """Each test of this app begins without files."""


@pytest.fixture(autouse=True)
def _extensions(settings: Settings) -> None:
    """All that there is a check for, whatever a project allows."""
    settings.FILE_EXTENSIONS = sorted(KINDS)


@pytest.fixture
def other_api(db: None) -> Client:
    """A client that is logged in as somebody else."""
    client = Client()
    client.login_by_token(UserFactory.create())
    return client
