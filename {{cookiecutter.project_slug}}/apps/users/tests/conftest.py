"""Fixtures of this app's tests."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import Permission
from django.test import Client as Browser

from apps.users.models import User
from apps.users.tests.factories import StaffFactory, SuperuserFactory
from apps.users.tests.helpers import browser_of
from conftest import Client


@pytest.fixture
def staff_api(db: None) -> Client:
    """Return an API client that is logged in as staff with the permission to view users."""
    staff = StaffFactory.create(email="staff@example.com")
    staff.user_permissions.add(Permission.objects.get(codename="view_user"))
    client = Client()
    client.login_by_token(staff)
    return client


@pytest.fixture
def superuser(db: None) -> User:
    return SuperuserFactory.create(email="root@example.com")


@pytest.fixture
def root(superuser: User) -> Browser:
    """Return a browser that is logged in as a superuser."""
    return browser_of(superuser)


@pytest.fixture
def clerk() -> Callable[..., Browser]:
    """Return a function that logs in staff with the given permissions on users."""

    def create(*permissions: str) -> Browser:
        staff = StaffFactory.create(email="clerk@example.com")
        names = [f"{permission}_user" for permission in permissions]
        staff.user_permissions.set(
            Permission.objects.filter(codename__in=names, content_type__app_label="users")
        )
        return browser_of(staff)

    return create
