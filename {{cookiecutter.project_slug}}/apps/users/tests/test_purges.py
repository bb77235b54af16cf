"""Purge commands, with their dry runs."""

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from axes.models import AccessAttempt
from django.conf import settings
from django.contrib.admin.models import CHANGE, LogEntry
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from apps.users.models import RefreshSession, User
from apps.users.services.registration import user_register
from apps.users.services.sessions import session_purge
from apps.users.signals import user_deleted
from apps.users.tests.factories import RefreshSessionFactory, StaffFactory, UserFactory
from conftest import Client

pytestmark = pytest.mark.django_db

LONG_AGO = timezone.now() - timedelta(days=15)


def said(command: str, **options: bool) -> str:
    output = StringIO()
    call_command(command, stdout=output, **options)
    return output.getvalue().strip()


def unverified(**fields: Any) -> User:
    return UserFactory.create(email_verified_at=None, **{"created_at": LONG_AGO} | fields)


def test_purge_dry_run_removes_nothing() -> None:
    RefreshSessionFactory.create(expired=True)
    unverified()
    assert said("purge_sessions", dry_run=True) == "1 sessions to remove."
    assert said("purge_unverified_users", dry_run=True) == "1 accounts to remove."
    assert session_purge(dry_run=True) == RefreshSession.objects.count() == 1
    assert User.objects.filter(email_verified_at=None).count() == 1


def test_session_purge_removes_expired_sessions_only() -> None:
    alive = RefreshSessionFactory.create()
    RefreshSessionFactory.create_batch(2, expired=True)
    assert said("purge_sessions") == "2 sessions removed."
    assert RefreshSession.objects.get() == alive


def test_purge_removes_unverified_account_and_its_traces() -> None:
    heard = []

    def hear(user: User, **_kwargs: Any) -> None:
        heard.append(user.email)

    user_deleted.connect(hear)
    user = unverified()
    email = user.email
    LogEntry.objects.log_actions(StaffFactory.create().pk, [user], CHANGE, change_message=email)
    assert said("purge_unverified_users") == "1 accounts removed."
    assert heard == [email]
    assert not User.objects.filter(email=email).exists()
    assert email not in str(LogEntry.objects.values())
    user_register(email=email, password="correct horse battery")


def test_purge_removes_failed_logins_after_the_lockout(api: Client, user: User) -> None:
    for _ in range(2):
        api.post(reverse("v1:auth:token"), {"email": user.email, "password": "wrong"})
    assert said("purge_failed_logins") == "0 failed logins removed."
    AccessAttempt.objects.update(
        attempt_time=timezone.now() - settings.AXES_COOLOFF_TIME - timedelta(minutes=1)
    )
    assert said("purge_failed_logins", dry_run=True) == "1 failed logins to remove."
    assert said("purge_failed_logins") == "1 failed logins removed."
    assert not AccessAttempt.objects.exists()
