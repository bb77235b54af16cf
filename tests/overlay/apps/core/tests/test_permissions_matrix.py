"""Permissions of objects: other owner fields."""

import pytest

from apps.core.tests.test_permissions import ALLOWED, DENIED, answers, logged_in
from apps.users.models import User
from tests.sampleapp.factories import NoteFactory

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.sampleapp.urls")]


def test_owner_field_is_configurable(user: User) -> None:
    owned, created = NoteFactory.create(owner=user), NoteFactory.create(created_by=user)
    assert answers(logged_in(user), "created-note", owned) == DENIED
    assert answers(logged_in(user), "created-note", created) == ALLOWED
