"""Fixtures of the notifications tests."""

import pytest
from pytest_django import Settings

from apps.users.tests.factories import UserFactory
from conftest import Client


@pytest.fixture(autouse=True)
def _kinds(settings: Settings) -> None:
    """Define the kinds that the tests use, independent of the project settings."""
    settings.NOTIFICATION_KINDS = {
        "message": ("in_app", "websocket"),
        "warning": ("in_app", "mail", "websocket"),
    }


@pytest.fixture
def other_api(db: None) -> Client:
    """Return a client that is logged in as another user."""
    client = Client()
    client.login_by_token(UserFactory.create())
    return client
