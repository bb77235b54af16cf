"""Fixtures of the blog tests."""

import pytest

from apps.blog.tests.factories import PERMISSIONS, group_of
from apps.users.models import User
from apps.users.tests.factories import UserFactory
from conftest import Client


@pytest.fixture(autouse=True)
def _empty_storage(empty_storage: None) -> None:
    """Start each test with an empty storage."""


def client_of(user: User) -> Client:
    client = Client()
    client.login_by_token(user)
    return client


@pytest.fixture
def author(db: None) -> User:
    user = UserFactory.create()
    user.groups.add(group_of("Authors", "add_post"))
    return user


@pytest.fixture
def author_api(author: User) -> Client:
    return client_of(author)


@pytest.fixture
def editor(db: None) -> User:
    user = UserFactory.create()
    user.groups.add(group_of("Editors", *PERMISSIONS))
    return user


@pytest.fixture
def editor_api(editor: User) -> Client:
    return client_of(editor)
