"""Admin of notifications: search, no changes."""

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from apps.notifications.tests.factories import NotificationFactory
from apps.users.tests.factories import SuperuserFactory
from apps.users.tests.helpers import browser_of

CHANGELIST = "admin:notifications_notification_changelist"


@pytest.fixture
def root(db: None) -> Browser:
    return browser_of(SuperuserFactory.create())


def test_search_matches_title_and_user(root: Browser) -> None:
    notification = NotificationFactory.create(title="Paid")
    NotificationFactory.create()
    for words in ("Paid", notification.user.email):
        assert root.get(reverse(CHANGELIST), {"q": words}).context["cl"].result_count == 1


def test_changelist_query_count_does_not_depend_on_length(
    root: Browser, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    NotificationFactory.create_batch(2)
    with CaptureQueriesContext(connection) as short:
        root.get(reverse(CHANGELIST))
    NotificationFactory.create_batch(20)
    with django_assert_num_queries(len(short)):
        root.get(reverse(CHANGELIST))


def test_change_page_is_read_only(root: Browser) -> None:
    notification = NotificationFactory.create()
    url = reverse("admin:notifications_notification_change", args=[notification.pk])
    assert root.post(url, {"title": "Other"}).status_code == 403


def test_admin_log_contains_no_title_of_a_deleted_notification(root: Browser) -> None:
    notification = NotificationFactory.create(title="Your diagnosis")
    root.post(reverse("admin:notifications_notification_delete", args=[notification.pk]), {"post": "yes"})
    assert LogEntry.objects.get(object_id=str(notification.pk)).object_repr == str(notification.pk)
