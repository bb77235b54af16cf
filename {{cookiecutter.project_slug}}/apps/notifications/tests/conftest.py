"""Fixtures for the tests of this app."""

import pytest
from pytest_django import Settings

from apps.users.tests.factories import UserFactory
from conftest import Client


@pytest.fixture(autouse=True)
def _kinds(settings: Settings) -> None:
    """The kinds that the tests know, whatever a project has made of them."""
    settings.NOTIFICATION_KINDS = {
        "message": ("in_app", "websocket"),
        "warning": ("in_app", "mail", "websocket"),
    }


@pytest.fixture
def other_api(db: None) -> Client:
    """A client that is logged in as somebody else."""
    client = Client()
    client.login_by_token(UserFactory.create())
    return client
