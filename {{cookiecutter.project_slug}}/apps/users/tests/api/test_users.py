"""User list and details for staff."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.core.files.base import ContentFile
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from apps.core.api.pagination import PAGE_SIZE
from apps.users.models import User
from apps.users.services.accounts import user_delete
from apps.users.tests.factories import GroupFactory, StaffFactory, UserFactory
from apps.users.tests.helpers import assert_unauthorized, problem_of
from conftest import Client

pytestmark = pytest.mark.django_db

LIST = "v1:users:user-list"
STAFF = "staff@example.com"


def found(api: Client, **query: Any) -> list[str]:
    """Return the local parts of all emails on the first page, except that of the requesting user."""
    response = api.get(reverse(LIST), query)
    assert response.status_code == 200, response.content
    return [row["email"].split("@")[0] for row in response.json()["results"] if row["email"] != STAFF]


def create(name: str, **fields: Any) -> User:
    return UserFactory.create(email=f"{name}@example.com", **fields)


def test_user_list_requires_a_login(api: Client) -> None:
    assert_unauthorized(api.get(reverse(LIST)), "not_authenticated")


def test_user_list_requires_staff_status(user_api: Client, user: User) -> None:
    for url in (reverse(LIST), reverse("v1:users:user-detail", args=[user.pk])):
        assert problem_of(user_api.get(url), 403)["type"] == "urn:problem:permission_denied"


def test_users_are_hidden_from_staff_without_the_permission(user: User) -> None:
    api = Client()
    api.login_by_token(StaffFactory.create())
    for url in (reverse(LIST), reverse("v1:users:user-detail", args=[user.pk])):
        for method in ("get", "head", "post", "options"):
            assert getattr(api, method)(url).status_code == 403


def test_users_are_hidden_from_non_staff_with_the_permission(user: User, user_api: Client) -> None:
    user.user_permissions.add(Permission.objects.get(codename="view_user"))
    assert user_api.get(reverse(LIST)).status_code == 403


def test_staff_retrieve_a_user(staff_api: Client, user: User) -> None:
    user.groups.add(GroupFactory.create(name="editors"))
    response = staff_api.get(reverse("v1:users:user-detail", args=[user.pk]))
    assert response.status_code == 200
    body = response.json()
    assert (body["id"], body["email"], body["roles"]) == (str(user.pk), user.email, ["editors"])
    assert "password" not in body


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_user_endpoints_are_read_only(staff_api: Client, user: User, method: str) -> None:
    for url in (reverse(LIST), reverse("v1:users:user-detail", args=[user.pk])):
        problem_of(getattr(staff_api, method)(url, {"is_staff": True}), 405)


def test_deleted_accounts_are_not_shown(staff_api: Client, user: User) -> None:
    user_delete(user=user)
    assert found(staff_api) == []
    problem_of(staff_api.get(reverse("v1:users:user-detail", args=[user.pk])), 404)


def test_newest_users_come_first(staff_api: Client) -> None:
    now = timezone.now()
    create("middle", created_at=now - timedelta(days=2))
    create("oldest", created_at=now - timedelta(days=3))
    create("newest", created_at=now - timedelta(days=1))
    assert found(staff_api) == ["newest", "middle", "oldest"]


def test_users_are_filtered(staff_api: Client) -> None:
    create("inactive", is_active=False)
    create("colleague", is_staff=True)
    create("editor").groups.add(GroupFactory.create(name="editors"), GroupFactory.create(name="authors"))
    assert found(staff_api, is_active="false") == ["inactive"]
    assert found(staff_api, is_staff="true") == ["colleague"]
    assert found(staff_api, role="editors") == ["editor"]
    assert found(staff_api, role="editor") == []
    assert found(staff_api, role="editors", is_active="false") == []


def test_search_matches_the_beginning_of_the_email(staff_api: Client) -> None:
    create("ada.lovelace", first_name="Augusta")
    create("grace")
    assert found(staff_api, search="ADA.") == ["ada.lovelace"]
    assert found(staff_api, search="grace@example") == ["grace"]
    assert found(staff_api, search="lovelace") == found(staff_api, search="augusta") == []
    assert found(staff_api, search="ada grace") == []
    assert found(staff_api, search="100%") == []


@pytest.mark.parametrize("count", [1, PAGE_SIZE - 1])
def test_list_query_count_is_constant(
    staff_api: Client, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    groups = GroupFactory.create_batch(3)
    for user in UserFactory.create_batch(count):
        user.groups.add(*groups)
        user.avatar.save("", ContentFile(b""))
    # The client, two for its permissions, the page, and the group names.
    with django_assert_num_queries(5):
        response = staff_api.get(reverse(LIST))
    rows = response.json()["results"]
    assert len(rows) == count + 1
    roles = [row["roles"] for row in rows if row["email"] != STAFF]
    assert roles == [sorted(group.name for group in groups)] * count
