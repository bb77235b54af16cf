"""User list with all kinds of parameters."""

from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from apps.core.api.pagination import MAX_PAGE_SIZE, PAGE_SIZE
from apps.users.models import User
from apps.users.tests.api.test_users import LIST, STAFF, create, found
from apps.users.tests.factories import UserFactory
from apps.users.tests.helpers import fields_of, problem_of
from conftest import Client

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("ordering", ["password", "last_name"])
def test_ordering_without_an_index_is_ignored(staff_api: Client, ordering: str) -> None:
    UserFactory.create_batch(3)
    assert found(staff_api, ordering=ordering) == found(staff_api)


def test_users_are_filtered_by_creation_time(staff_api: Client) -> None:
    first_day = datetime(2020, 1, 1, tzinfo=UTC)
    for number in range(3):
        create(f"day{number}", created_at=first_day + timedelta(days=number))
    until, since = "2020-01-02T00:00:00Z", "2020-01-02T01:00:00+01:00"
    assert found(staff_api, created_before=until) == ["day0"]
    assert found(staff_api, created_before="2020-01-03T00:00:00Z", created_after=since) == ["day1"]
    assert found(staff_api, created_after="2020-01-03T00:00:01Z") == []


@pytest.mark.parametrize("parameter", ["created_after", "created_before"])
def test_invalid_filter_is_rejected(staff_api: Client, parameter: str) -> None:
    response = staff_api.get(reverse(LIST), {parameter: "yesterday"})
    assert fields_of(response) == {(parameter, "invalid")}


@pytest.mark.parametrize("ordering", ["", "email", "-email"])
def test_pages_show_every_user_once(staff_api: Client, ordering: str) -> None:
    moment = timezone.now()
    # Equal ordering values must not cause repeated or missing rows.
    UserFactory.create_batch(6, created_at=moment, last_name="Lovelace")
    UserFactory.create_batch(3, last_name="Hopper")
    query = {"page_size": 2} | ({"ordering": ordering} if ordering else {})

    pages: list[list[str]] = []
    url: str | None = None
    while url or not pages:
        page = (staff_api.get(url) if url else staff_api.get(reverse(LIST), query)).json()
        pages.append([row["email"] for row in page["results"]])
        url = page["next"]
    back = staff_api.get(page["previous"]).json()

    assert [len(rows) for rows in pages] == [2, 2, 2, 2, 2]
    seen = [email for rows in pages for email in rows]
    assert sorted(seen) == sorted(User.objects.values_list("email", flat=True))
    assert [row["email"] for row in back["results"]] == pages[-2]


def test_page_size_is_bounded(staff_api: Client) -> None:
    User.objects.bulk_create(UserFactory.build_batch(MAX_PAGE_SIZE))
    sizes = {
        size: len(staff_api.get(reverse(LIST), {"page_size": size} if size else {}).json()["results"])
        for size in ("", "7", str(MAX_PAGE_SIZE + 1), "0", "-1", "all")
    }
    default = dict.fromkeys(["", "0", "-1", "all"], PAGE_SIZE)
    assert sizes == default | {"7": 7, str(MAX_PAGE_SIZE + 1): MAX_PAGE_SIZE}


def test_forged_cursor_is_not_found(staff_api: Client) -> None:
    problem_of(staff_api.get(reverse(LIST), {"cursor": "nonsense"}), 404)


@pytest.mark.parametrize("key", ["00000000-0000-0000-0000-000000000000", "nonsense", "1"])
def test_unknown_user_is_not_found(staff_api: Client, key: str) -> None:
    problem_of(staff_api.get(reverse("v1:users:user-detail", args=[key])), 404)


def test_users_are_ordered_by_parameter(staff_api: Client) -> None:
    now = timezone.now()
    for name, days in (("a", 3), ("b", 1), ("c", 2)):
        create(name, created_at=now - timedelta(days=days))
    User.objects.filter(email=STAFF).update(created_at=now - timedelta(days=9))
    assert found(staff_api, ordering="email") == ["a", "b", "c"]
    assert found(staff_api, ordering="-email") == ["c", "b", "a"]
    assert found(staff_api, ordering="created_at") == ["a", "c", "b"]
