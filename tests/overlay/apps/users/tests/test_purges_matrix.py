"""Purges: accounts that stay."""

import pytest
from django.utils import timezone

from apps.users.models import User
from apps.users.tests.factories import GroupFactory, StaffFactory, UserFactory
from apps.users.tests.test_purges import LONG_AGO, said, unverified
from tests.sampleapp.factories import NoteFactory

pytestmark = pytest.mark.django_db


def test_purge_keeps_other_accounts() -> None:
    kept = [
        UserFactory.create(created_at=LONG_AGO),
        unverified(created_at=timezone.now()),
        unverified(last_login=timezone.now()),
        unverified(deleted_at=timezone.now()),
        unverified(is_staff=True),
        unverified(is_superuser=True),
        StaffFactory.create(created_at=LONG_AGO),
    ]
    kept.append(unverified())
    kept[-1].groups.add(GroupFactory.create())
    author = unverified()
    NoteFactory.create(owner=kept[0], created_by=author)
    assert said("purge_unverified_users") == "0 accounts removed."
    assert User.objects.count() == len([*kept, author])
