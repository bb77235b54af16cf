"""Fixtures of the notifications tests."""

import pytest
from pytest_django import Settings

from apps.notifications.channels import CHANNELS, DIGESTS
from apps.notifications.models import Notification
from apps.users.tests.factories import UserFactory
from conftest import Client


@pytest.fixture(autouse=True)
def paged(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> list[Notification]:
    """Define the kinds and channels of the tests; return the notifications sent through `pager`."""
    sent: list[Notification] = []
    for name in CHANNELS.keys() - {"in_app", "mail"}:
        monkeypatch.delitem(CHANNELS, name)
        monkeypatch.delitem(DIGESTS, name, raising=False)
    monkeypatch.setitem(CHANNELS, "pager", sent.append)
    settings.NOTIFICATION_KINDS = {"message": ("in_app", "pager"), "warning": ("in_app", "mail", "pager")}
    settings.NOTIFICATION_URGENT_KINDS = {"warning"}
    return sent


@pytest.fixture
def other_api(db: None) -> Client:
    """Return a client that is logged in as another user."""
    client = Client()
    client.login_by_token(UserFactory.create())
    return client
