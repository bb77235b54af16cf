from collections.abc import Iterator
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

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


def test_list_starts_with_the_newest_and_can_be_ordered(api: Client) -> None:
    notes = [NoteFactory.create(text=text) for text in "bca"]
    newest_first = [str(note.pk) for note in reversed(notes)]
    assert [row["id"] for row in api.get(reverse("note-list")).json()["results"]] == newest_first
    for ordering, texts in {"text": "abc", "-text": "cba", "created_at": "bca", "unknown": "acb"}.items():
        url = reverse("note-list", query={"ordering": ordering, "page_size": 2})
        assert [row["text"] for page in pages(api, url) for row in page] == list(texts), ordering


def test_page_needs_one_query(api: Client, django_assert_num_queries: Any) -> None:
    MeasurementFactory.create_batch(5)
    url = reverse("measurement-list", query={"ordering": "owner__email,remark", "page_size": 2})
    with django_assert_num_queries(1):
        following = api.get(url).json()["next"]
    with django_assert_num_queries(1):
        api.get(following)


def test_numbered_pages_have_the_total(api: Client) -> None:
    NoteFactory.create_batch(5)
    url = reverse("numbered-note-list", query={"page_size": 2})
    first = api.get(url).json()
    assert (first["count"], first["previous"]) == (5, None)
    assert [len(page) for page in pages(api, url)] == [2, 2, 1]
    response = api.get(url, {"page": 4})
    assert (response.status_code, response["Content-Type"]) == (404, "application/problem+json")
