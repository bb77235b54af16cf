from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.urls import reverse
from django.utils import timezone

from apps.users.tests.factories import SuperuserFactory
from conftest import Client
from tests.sampleapp.factories import MeasurementFactory, NoteFactory

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.sampleapp.urls")]


def pages(api: Client, url: str | None) -> Iterator[list[dict[str, Any]]]:
    """Yield all pages by following the next links."""
    while url:
        response = api.get(url)
        assert response.status_code == 200, response.content
        yield response.json()["results"]
        url = response.json()["next"]


def test_pages_neither_repeat_nor_miss_rows_with_equal_timestamps(api: Client) -> None:
    notes = NoteFactory.create_batch(23, created_at=timezone.now())
    followed = list(pages(api, reverse("note-list", query={"page_size": 4})))
    assert [len(page) for page in followed] == [4, 4, 4, 4, 4, 3]
    seen = [row["id"] for page in followed for row in page]
    assert sorted(seen) == sorted(str(note.pk) for note in notes)


def test_previous_links_lead_to_the_same_pages(api: Client) -> None:
    NoteFactory.create_batch(7, created_at=timezone.now())
    first = api.get(reverse("note-list", query={"page_size": 3})).json()
    second = api.get(first["next"]).json()
    third = api.get(second["next"]).json()
    assert third["next"] is None
    assert api.get(third["previous"]).json()["results"] == second["results"]
    back = api.get(api.get(third["previous"]).json()["previous"]).json()
    assert back["results"] == first["results"]
    assert back["previous"] is None


def test_rows_added_concurrently_shift_no_page(api: Client) -> None:
    old = {str(note.pk) for note in NoteFactory.create_batch(9)}
    seen = []
    for page in pages(api, reverse("note-list", query={"page_size": 2})):
        seen += [row["id"] for row in page]
        NoteFactory.create()
    assert sorted(seen) == sorted(old)


def test_list_starts_with_the_newest_and_can_be_ordered(api: Client) -> None:
    notes = [NoteFactory.create(text=text) for text in "bca"]
    newest_first = [str(note.pk) for note in reversed(notes)]
    assert [row["id"] for row in api.get(reverse("note-list")).json()["results"]] == newest_first
    for ordering, texts in {"text": "abc", "-text": "cba", "created_at": "bca", "unknown": "acb"}.items():
        url = reverse("note-list", query={"ordering": ordering, "page_size": 2})
        assert [row["text"] for page in pages(api, url) for row in page] == list(texts), ordering


def test_rows_with_equal_values_have_the_same_order_in_both_directions(api: Client) -> None:
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


def test_page_needs_one_query(api: Client, django_assert_num_queries: Any) -> None:
    MeasurementFactory.create_batch(5)
    url = reverse("measurement-list", query={"ordering": "owner__email,remark", "page_size": 2})
    with django_assert_num_queries(1):
        following = api.get(url).json()["next"]
    with django_assert_num_queries(1):
        api.get(following)


def cursor_of(api: Client, route: str, **query: Any) -> str:
    link = api.get(reverse(route, query=query | {"page_size": 1})).json()["next"]
    (cursor,) = parse_qs(urlsplit(link).query)["cursor"]
    return str(cursor)


def test_cursor_is_valid_for_one_list_and_one_ordering(api: Client) -> None:
    api.force_authenticate(SuperuserFactory.create())
    NoteFactory.create_batch(2)
    cursor = cursor_of(api, "note-list", ordering="text")
    for query in ({"ordering": "-text"}, {"ordering": "created_at"}, {}):
        assert api.get(reverse("note-list"), query | {"cursor": cursor}).status_code == 404
    cursor = cursor_of(api, "note-list")
    assert api.get(reverse("v1:users:user-list"), {"cursor": cursor}).status_code == 404
    assert api.get(reverse("note-list"), {"cursor": ""}).status_code == 200


def test_numbered_pages_have_the_total(api: Client) -> None:
    NoteFactory.create_batch(5)
    url = reverse("numbered-note-list", query={"page_size": 2})
    first = api.get(url).json()
    assert (first["count"], first["previous"]) == (5, None)
    assert [len(page) for page in pages(api, url)] == [2, 2, 1]
    response = api.get(url, {"page": 4})
    assert (response.status_code, response["Content-Type"]) == (404, "application/problem+json")
