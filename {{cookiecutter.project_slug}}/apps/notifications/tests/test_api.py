"""HTTP API of notifications and preferences."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.urls import reverse
from django.utils import timezone

from apps.core.exceptions import NotFoundError
from apps.notifications.models import Notification, Preference, Schedule
from apps.notifications.services import notification_read, notification_send
from apps.notifications.tests.factories import NotificationFactory
from apps.users.tests.helpers import assert_unauthorized, fields_of, problem_of

if TYPE_CHECKING:
    from pytest_django import DjangoAssertNumQueries, Settings

    from apps.users.models import User
    from conftest import Client

LIST = reverse("v1:notifications:notification-list")
READ_ALL = reverse("v1:notifications:notification-read-all")
UNREAD = reverse("v1:notifications:notification-unread-count")
PREFERENCES = reverse("v1:notifications:preferences")
SCHEDULE = reverse("v1:notifications:schedule")
DEFAULTS = [
    {"kind": "message", "in_app": True, "mail": False, "pager": True},
    {"kind": "warning", "in_app": True, "mail": True, "pager": True},
]


def detail(notification: Notification, action: str = "detail") -> str:
    return reverse(f"v1:notifications:notification-{action}", args=[notification.pk])


def found(api: Client, **query: str | int) -> list[str]:
    response = api.get(LIST, query)
    assert response.status_code == 200, response.content
    return [row["title"] for row in response.json()["results"]]


def unread(api: Client) -> int:
    count: int = api.get(UNREAD).json()["unread"]
    return count


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("method", "url"),
    [
        ("get", LIST),
        ("post", READ_ALL),
        ("get", UNREAD),
        ("get", PREFERENCES),
        ("patch", PREFERENCES),
        ("get", SCHEDULE),
        ("patch", SCHEDULE),
    ],
)
def test_notification_endpoints_require_authentication(api: Client, method: str, url: str) -> None:
    assert_unauthorized(getattr(api, method)(url), "not_authenticated")


def test_notification_endpoints_show_own_notifications_only(
    user_api: Client, other_api: Client, user: User
) -> None:
    notification = NotificationFactory.create(user=user, title="Mine", body="More", data={"order": 7})

    (row,) = user_api.get(LIST).json()["results"]
    assert row == user_api.get(detail(notification)).json()
    assert row.pop("created_at")
    assert row == {
        "id": str(notification.pk),
        "kind": "message",
        "title": "Mine",
        "body": "More",
        "data": {"order": 7},
        "read_at": None,
    }
    assert found(other_api) == []
    problem_of(other_api.get(detail(notification)), 404)
    problem_of(other_api.post(detail(notification, "read")), 404)
    assert other_api.post(READ_ALL).status_code == 204
    assert (unread(user_api), unread(other_api)) == (1, 0)


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_notification_update_and_delete_are_not_allowed(user_api: Client, user: User, method: str) -> None:
    problem_of(getattr(user_api, method)(detail(NotificationFactory.create(user=user))), 405)


def test_list_supports_filters_search_and_ordering(user_api: Client, user: User) -> None:
    NotificationFactory.create(user=user, title="a", read_at=timezone.now())
    NotificationFactory.create(user=user, title="b", kind="warning")

    assert found(user_api) == ["b", "a"]
    assert found(user_api, ordering="created_at") == ["a", "b"]
    assert found(user_api, unread="true") == ["b"]
    assert found(user_api, unread="false") == ["a"]
    assert found(user_api, kind="message") == ["a"]
    assert found(user_api, kind="gossip") == []
    assert found(user_api, search="B") == ["b"]


def test_pagination_returns_each_notification_once(user_api: Client, user: User) -> None:
    NotificationFactory.create_batch(5, user=user, created_at=timezone.now())
    first = user_api.get(LIST, {"page_size": 3}).json()
    second = user_api.get(first["next"]).json()
    assert len({row["id"] for row in first["results"] + second["results"]}) == 5
    assert second["next"] is None


@pytest.mark.parametrize("count", [1, 20])
def test_list_query_count_does_not_depend_on_length(
    user_api: Client, user: User, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    NotificationFactory.create_batch(count, user=user)
    # Authentication and the page.
    with django_assert_num_queries(2):
        user_api.get(LIST)


@pytest.mark.parametrize("url", [UNREAD, PREFERENCES])
def test_unread_count_and_preferences_need_one_query_after_authentication(
    user_api: Client, url: str, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(2):
        user_api.get(url)


def test_read_is_idempotent(user_api: Client, user: User) -> None:
    notification = NotificationFactory.create(user=user)
    NotificationFactory.create(user=user)

    user_api.get(detail(notification))
    assert unread(user_api) == 2
    first = user_api.post(detail(notification, "read"))
    assert first.status_code == 200
    assert first.json()["read_at"]
    assert user_api.post(detail(notification, "read")).json() == first.json()
    assert unread(user_api) == 1


def test_read_after_a_concurrent_deletion_is_not_found(user: User) -> None:
    stale = NotificationFactory.create(user=user)
    Notification.objects.all().delete()
    with pytest.raises(NotFoundError):
        notification_read(notification=stale)


def test_read_all_marks_own_unread_notifications(user_api: Client, user: User) -> None:
    NotificationFactory.create_batch(3, user=user)
    other = NotificationFactory.create()
    before = timezone.now()
    early = NotificationFactory.create(user=user, read_at=before)

    assert user_api.post(READ_ALL).status_code == 204
    assert unread(user_api) == 0
    assert Notification.objects.get(pk=early.pk).read_at == before
    assert Notification.objects.get(read_at=None) == other


def test_preferences_are_updated_per_kind(user_api: Client, other_api: Client, user: User) -> None:
    assert user_api.get(PREFERENCES).json() == DEFAULTS
    response = user_api.patch(PREFERENCES, {"kind": "warning", "mail": False, "in_app": False})
    assert response.status_code == 200
    changed = {"kind": "warning", "in_app": False, "mail": False, "pager": True}
    assert response.json() == changed
    # Omitted channels keep their value, and a choice can be changed again.
    changed["in_app"] = True
    assert user_api.patch(PREFERENCES, {"kind": "warning", "in_app": True}).json() == changed
    assert user_api.get(PREFERENCES).json() == [DEFAULTS[0], changed]
    assert Preference.objects.filter(user=user).count() == 2
    assert other_api.get(PREFERENCES).json() == DEFAULTS


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({}, ("kind", "required")),
        ({"kind": "gossip", "mail": False}, ("kind", "invalid_choice")),
        ({"kind": "message", "mail": "perhaps"}, ("mail", "invalid")),
        ({"kind": "message", "mail": None}, ("mail", "null")),
    ],
)
def test_invalid_preference_is_rejected(
    user_api: Client, body: dict[str, Any], error: tuple[str, str]
) -> None:
    assert fields_of(user_api.patch(PREFERENCES, body)) == {error}
    assert not Preference.objects.exists()


def test_preference_of_removed_kind_is_ignored(user_api: Client, settings: Settings) -> None:
    user_api.patch(PREFERENCES, {"kind": "warning", "mail": False})
    settings.NOTIFICATION_KINDS = {"message": ("in_app", "pager")}
    assert user_api.get(PREFERENCES).json() == DEFAULTS[:1]


def test_data_export_lists_notifications_and_preferences(user_api: Client, user: User) -> None:
    notification_send(user=user, kind="message", title="Paid")
    user_api.patch(PREFERENCES, {"kind": "warning", "mail": False})

    export = user_api.get(reverse("v1:users:export")).json()

    assert [row["title"] for row in export["notifications.Notification"]] == ["Paid"]
    assert [row["channel"] for row in export["notifications.Preference"]] == ["mail"]


def test_schedule_is_updated_per_user(user_api: Client, other_api: Client) -> None:
    default = {"digest": "immediate", "quiet_from": None, "quiet_until": None}
    assert user_api.get(SCHEDULE).json() == default
    response = user_api.patch(SCHEDULE, {"quiet_from": "22:00", "quiet_until": "07:00"})
    changed = {"digest": "immediate", "quiet_from": "22:00:00", "quiet_until": "07:00:00"}
    assert (response.status_code, response.json()) == (200, changed)
    # Omitted values are kept.
    assert user_api.patch(SCHEDULE, {"digest": "daily"}).json() == changed | {"digest": "daily"}
    assert user_api.get(SCHEDULE).json() == changed | {"digest": "daily"}
    assert other_api.get(SCHEDULE).json() == default
    assert user_api.patch(SCHEDULE, default).json() == default


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"digest": "hourly"}, ("digest", "invalid_choice")),
        ({"quiet_from": "25:00", "quiet_until": "07:00"}, ("quiet_from", "invalid")),
        ({"quiet_from": "22:00"}, ("quiet_until", "invalid")),
        ({"quiet_from": "22:00", "quiet_until": "22:00"}, ("quiet_until", "invalid")),
    ],
)
def test_invalid_schedule_is_rejected(user_api: Client, body: dict[str, str], error: tuple[str, str]) -> None:
    assert fields_of(user_api.patch(SCHEDULE, body)) == {error}
    assert not Schedule.objects.exists()
