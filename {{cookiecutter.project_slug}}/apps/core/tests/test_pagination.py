from base64 import b64encode
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from django.urls import reverse
from django.utils import timezone

from apps.core.pagination import MAX_PAGE_SIZE, PAGE_SIZE
from apps.users.tests.factories import StaffFactory
from conftest import Client
from tests.sampleapp.factories import NoteFactory

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.sampleapp.urls")]


def pages(api: Client, url: str | None) -> Iterator[list[dict[str, Any]]]:
    """Every page from the first to the last, as a client follows the links."""
    while url:
        response = api.get(url)
        assert response.status_code == 200, response.content
        yield response.json()["results"]
        url = response.json()["next"]


def test_pages_neither_repeat_nor_miss_rows_of_the_same_moment(api: Client) -> None:
    notes = NoteFactory.create_batch(23, created_at=timezone.now())
    followed = list(pages(api, reverse("note-list", query={"page_size": 4})))
    assert [len(page) for page in followed] == [4, 4, 4, 4, 4, 3]
    seen = [row["id"] for page in followed for row in page]
    assert sorted(seen) == sorted(str(note.pk) for note in notes)


def test_the_way_back_shows_the_same_pages(api: Client) -> None:
    NoteFactory.create_batch(7, created_at=timezone.now())
    first = api.get(reverse("note-list", query={"page_size": 3})).json()
    second = api.get(first["next"]).json()
    third = api.get(second["next"]).json()
    assert third["next"] is None
    assert api.get(third["previous"]).json()["results"] == second["results"]
    back = api.get(api.get(third["previous"]).json()["previous"]).json()
    assert back["results"] == first["results"]
    assert back["previous"] is None


def test_rows_added_meanwhile_shift_nothing(api: Client) -> None:
    old = {str(note.pk) for note in NoteFactory.create_batch(9)}
    seen = []
    for page in pages(api, reverse("note-list", query={"page_size": 2})):
        seen += [row["id"] for row in page]
        NoteFactory.create()
    assert sorted(seen) == sorted(old)


def test_a_list_starts_with_the_newest_and_can_be_ordered(api: Client) -> None:
    notes = [NoteFactory.create(text=text) for text in "bca"]
    newest_first = [str(note.pk) for note in reversed(notes)]
    assert [row["id"] for row in api.get(reverse("note-list")).json()["results"]] == newest_first
    for ordering, texts in {"text": "abc", "-text": "cba", "created_at": "bca", "unknown": "acb"}.items():
        url = reverse("note-list", query={"ordering": ordering, "page_size": 2})
        assert [row["text"] for page in pages(api, url) for row in page] == list(texts), ordering


def test_rows_of_equal_value_follow_one_order_in_both_directions(api: Client) -> None:
    NoteFactory.create_batch(5, text="same")
    upwards, downwards = (
        [
            row["id"]
            for page in pages(api, reverse("note-list", query={"ordering": order, "page_size": 2}))
            for row in page
        ]
        for order in ("text", "-text")
    )
    assert upwards == sorted(upwards)
    assert downwards == upwards[::-1]


@pytest.mark.parametrize("route", ["note-list", "numbered-note-list"])
@pytest.mark.parametrize(
    ("page_size", "expected"),
    [
        (None, PAGE_SIZE),
        ("1", 1),
        (str(MAX_PAGE_SIZE), MAX_PAGE_SIZE),
        (str(MAX_PAGE_SIZE + 1), MAX_PAGE_SIZE),
        ("0", PAGE_SIZE),
        ("-1", PAGE_SIZE),
        ("many", PAGE_SIZE),
    ],
)
def test_the_size_of_a_page_is_chosen_within_bounds(
    api: Client, route: str, page_size: str | None, expected: int
) -> None:
    NoteFactory.create_batch(MAX_PAGE_SIZE + 1, owner=NoteFactory.create().owner)
    response = api.get(reverse(route), {"page_size": page_size} if page_size else {})
    assert len(response.json()["results"]) == expected


@pytest.mark.parametrize("position", ["not a date", "9999-12-31T23:59:59-23:59", "\x00", "2020-13-01"])
@pytest.mark.parametrize("route", ["note-list", "v1:users:user-list"])
def test_a_cursor_put_together_by_hand_is_not_found(position: str, route: str) -> None:
    api = Client()
    api.force_authenticate(NoteFactory.create(owner=StaffFactory.create()).owner)
    cursor = b64encode(urlencode({"p": position}).encode()).decode()
    response = api.get(reverse(route), {"cursor": cursor})
    assert (response.status_code, response["Content-Type"]) == (404, "application/problem+json")


def test_a_cursor_that_cannot_be_read_is_not_found(api: Client) -> None:
    response = api.get(reverse("note-list"), {"cursor": "x"})
    assert (response.status_code, response["Content-Type"]) == (404, "application/problem+json")


def test_numbered_pages_know_the_total(api: Client) -> None:
    NoteFactory.create_batch(5)
    url = reverse("numbered-note-list", query={"page_size": 2})
    first = api.get(url).json()
    assert (first["count"], first["previous"]) == (5, None)
    assert [len(page) for page in pages(api, url)] == [2, 2, 1]
    response = api.get(url, {"page": 4})
    assert (response.status_code, response["Content-Type"]) == (404, "application/problem+json")
