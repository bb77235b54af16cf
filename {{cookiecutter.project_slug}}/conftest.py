"""Fixtures for the tests of every app."""

import uuid
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.core.files.storage import Storage, storages
from django.test import TestCase
from django.utils import translation
from pytest_django import Settings
from rest_framework.test import APIClient

from apps.users.models import User
from apps.users.services.sessions import TokenPair
from apps.users.tests.factories import PASSWORD, UserFactory

# The last of `LANGUAGES`: differs from the source language unless it is the only one.
LANGUAGE = settings.LANGUAGES[-1][0]
LONG = {"browser", "process", "slow"}
REPEATED_IDS = pytest.StashKey[set[str]]()


class Client(APIClient):
    """API client that sends JSON and runs `on_commit` callbacks, as a server does."""

    def request(self, **kwargs: Any) -> Any:
        with TestCase.captureOnCommitCallbacks(execute=True):
            return super().request(**kwargs)

    def login_by_token(self, user: User, password: str = PASSWORD) -> TokenPair:
        """Log in over HTTP and authenticate later requests with the access token."""
        response = self.post("/api/v1/auth/token/", {"email": user.email, "password": password})
        assert response.status_code == 200, response.content
        pair = TokenPair(**response.json())
        self.credentials(HTTP_AUTHORIZATION=f"Bearer {pair.access}")
        return pair


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    counts = Counter(item.nodeid for item in items)
    config.stash[REPEATED_IDS] = {name for name, count in counts.items() if count > 1}
    # Long tests first: a worker that starts one last would run alone.
    items.sort(key=lambda item: LONG.isdisjoint(mark.name for mark in item.iter_markers()))


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.nodeid in item.config.stash[REPEATED_IDS]:
        pytest.fail("Several tests have this id; pytest-xdist runs only one of them.")


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Use a SQLite file: with a shared in-memory database, threads do not wait for locks."""
    config = settings.DATABASES["default"]
    if config["ENGINE"].endswith("sqlite3"):
        config.setdefault("TEST", {})["NAME"] = str(tmp_path_factory.mktemp("database") / "db.sqlite3")


@pytest.fixture(autouse=True)
def _own_cache(settings: Settings) -> None:
    """Isolate the cache keys of each test, also with a shared Redis."""
    prefix = uuid.uuid4().hex
    settings.CACHES = {name: cache | {"KEY_PREFIX": prefix} for name, cache in settings.CACHES.items()}


@pytest.fixture
def empty_storage(settings: Settings) -> None:
    """Reset the default storage.

    A changed setting makes Django create it again. It is created here, since concurrent threads would create
    one each, and `InMemoryStorage` keeps its files in the instance.
    """
    settings.STORAGES = {**settings.STORAGES}
    assert isinstance(storages["default"], Storage)


@pytest.fixture(autouse=True)
def _own_language() -> Iterator[None]:
    """Reset the active language, which a request of a test leaves set."""
    yield
    translation.deactivate()


@pytest.fixture
def _german(settings: Settings) -> None:
    """Set English and German as languages, regardless of the project's choice."""
    settings.LANGUAGES = [("en", "English"), ("de", "German")]


@pytest.fixture
def api() -> Client:
    """Return an unauthenticated client."""
    return Client()


@pytest.fixture
def user(db: None) -> User:
    return UserFactory.create()


@pytest.fixture
def user_api(user: User) -> Client:
    """Return a client that is logged in as `user`."""
    client = Client()
    client.login_by_token(user)
    return client
