"""Fixtures of this app's tests."""

import pytest
from django.contrib.auth.models import Permission

from apps.users.models import User
from apps.users.tests.factories import StaffFactory, SuperuserFactory
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
