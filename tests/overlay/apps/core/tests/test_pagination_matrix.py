"""Cursor pagination for every type of column, ordering and forged cursor."""

from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit
from uuid import UUID

import pytest
from django.urls import reverse
from django.utils import timezone

from apps.core.api.pagination import MAX_PAGE_SIZE, PAGE_SIZE
from apps.core.tests.test_pagination import pages
from apps.users.tests.factories import SuperuserFactory, UserFactory
from conftest import Client
from tests.sampleapp.factories import MeasurementFactory, NoteFactory
from tests.sampleapp.models import Measurement
from tests.sampleapp.views import MeasurementViewSet

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.sampleapp.urls")]


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
def test_page_size_is_bounded(api: Client, route: str, page_size: str | None, expected: int) -> None:
    NoteFactory.create_batch(MAX_PAGE_SIZE + 1, owner=NoteFactory.create().owner)
    response = api.get(reverse(route), {"page_size": page_size} if page_size else {})
    assert len(response.json()["results"]) == expected


LABELS = ["a", "A", "ä", "Z", "b", "", " ", "_", "ß", "a\u0308", "10", "9", "\U0001f600", "%", "'"]
SOME_TIMES = [datetime(2026, 1, 1, 12, tzinfo=UTC) + timedelta(microseconds=number) for number in (0, 1, 10)]


@pytest.fixture
def measurements() -> list[Measurement]:
    """Create rows with few distinct values per column, many of them NULL."""
    random = Random(8)  # noqa: S311 - the same rows in every run
    owners = [None, *UserFactory.create_batch(2), UserFactory.create(last_login=SOME_TIMES[0])]
    rows = [
        Measurement(
            created_at=random.choice(SOME_TIMES),
            label=random.choice(LABELS),
            remark=random.choice([None, "", "short", "x" * 255 + "a", "x" * 255 + "b", *LABELS]),
            value=random.choice([None, Decimal("-1.5"), Decimal("0.1"), Decimal("999999.999")]),
            ratio=random.choice([None, 0.1 + 0.2, 0.3, -1e300, 5e-324]),
            count=random.choice([None, -(2**63), 0, 7, 2**63 - 1]),
            is_valid=random.choice([None, True, False]),
            day=random.choice([None, date(1, 1, 1), date(9999, 12, 31)]),
            measured_at=random.choice([None, *SOME_TIMES]),
            duration=random.choice([None, timedelta(), timedelta(days=-1, microseconds=1)]),
            owner=random.choice(owners),
        )
        for _ in range(30)
    ]
    return Measurement.objects.bulk_create(rows)


def walk(api: Client, link: str, url: str) -> tuple[list[str], str]:
    """Return the primary keys of all rows in the direction of `link`, and the URL of the last page."""
    keys: list[str] = []
    while True:
        response = api.get(url)
        assert response.status_code == 200, response.content
        page = [row["id"] for row in response.json()["results"]]
        keys += page if link == "next" else page[::-1]
        if response.json()[link] is None:
            return keys, url
        url = response.json()[link]


ORDERINGS = [
    direction + name
    for name in MeasurementViewSet.ordering_fields
    if name != "updated_at"
    for direction in ("", "-")
]


@pytest.mark.parametrize(
    "ordering",
    [
        *ORDERINGS,
        "is_valid,-value,label",
        "-owner__email,measured_at,-count",
        "remark,-remark,-length",
        "-day,pk,label",
        "folded,-folded,-is_valid",
    ],
)
def test_every_ordering_shows_each_row_once_in_both_directions(
    api: Client, measurements: list[Measurement], ordering: str
) -> None:
    url = reverse("measurement-list", query={"ordering": ordering, "page_size": 100})
    expected = [row["id"] for row in api.get(url).json()["results"]]
    assert sorted(expected) == sorted(str(row.pk) for row in measurements)

    url = reverse("measurement-list", query={"ordering": ordering, "page_size": 7})
    forward, last = walk(api, "next", url)
    assert forward == expected
    backward, _ = walk(api, "previous", last)
    assert backward[::-1] == expected


@pytest.mark.parametrize("name", ["remark", "value", "is_valid", "length", "owner__last_login"])
@pytest.mark.parametrize("direction", ["", "-"])
def test_nulls_come_last_in_both_directions(
    api: Client, measurements: list[Measurement], name: str, direction: str
) -> None:
    url = reverse("measurement-list", query={"ordering": direction + name, "page_size": 100})
    keys = [row["id"] for row in api.get(url).json()["results"]]
    values = dict(MeasurementViewSet.queryset.values_list("pk", name))
    nulls = [values[UUID(key)] is None for key in keys]
    assert nulls == sorted(nulls)
    assert len(set(nulls)) == 2
    if name != "remark":
        known = [values[UUID(key)] for key in keys if values[UUID(key)] is not None]
        assert known == sorted(known, reverse=direction == "-")


@pytest.mark.parametrize("ordering", ["label", "-remark"])
def test_pages_work_for_more_equal_values_than_the_offset_cutoff(api: Client, ordering: str) -> None:
    Measurement.objects.bulk_create(Measurement(label="same") for _ in range(1_100))
    first, last = MeasurementFactory.create(label=""), MeasurementFactory.create(label="z")
    url = reverse("measurement-list", query={"ordering": ordering, "page_size": 100})
    keys, _ = walk(api, "next", url)
    assert len(keys) == len(set(keys)) == 1_102
    if ordering == "label":
        assert (keys[0], keys[-1]) == (str(first.pk), str(last.pk))


@pytest.mark.parametrize("ordering", ["-created_at", "-value", "is_valid,label", "owner__email"])
@pytest.mark.parametrize("link", ["next", "previous"])
def test_added_and_deleted_rows_shift_no_other_row(
    api: Client, measurements: list[Measurement], ordering: str, link: str
) -> None:
    url = reverse("measurement-list", query={"ordering": ordering, "page_size": 8})
    if link == "previous":
        _, url = walk(api, "next", url)
    seen: list[str] = []
    while url:
        body = api.get(url).json()
        page = [row["id"] for row in body["results"]]
        seen += page
        # Includes the row that the cursor refers to.
        Measurement.objects.filter(pk__in=page).delete()
        # New rows before, between and after the rows already seen.
        MeasurementFactory.create_batch(2, created_at=SOME_TIMES[0], value=Decimal("0.2"))
        url = body[link]
    old = {str(row.pk) for row in measurements}
    assert old <= set(seen)
    assert len(seen) == len(set(seen))


def test_empty_page_links_back_to_the_last_rows(api: Client) -> None:
    notes = NoteFactory.create_batch(4)
    newest_first = [str(note.pk) for note in reversed(notes)]
    first = api.get(reverse("note-list", query={"page_size": 2})).json()
    for note in notes[:2]:
        note.hard_delete()
    empty = api.get(first["next"]).json()
    assert (empty["next"], empty["results"]) == (None, [])
    assert [row["id"] for row in api.get(empty["previous"]).json()["results"]] == newest_first[:2]


def test_cursor_length_is_bounded_for_long_text(api: Client) -> None:
    MeasurementFactory.create_batch(2, remark="".join(chr(0x1F300 + number % 700) for number in range(5_000)))
    response = api.get(reverse("measurement-list", query={"ordering": "remark", "page_size": 1}))
    assert len(response.json()["next"]) < 2000


def cursor_of(api: Client, route: str, **query: Any) -> str:
    link = api.get(reverse(route, query=query | {"page_size": 1})).json()["next"]
    (cursor,) = parse_qs(urlsplit(link).query)["cursor"]
    return str(cursor)


@pytest.mark.parametrize(
    "change",
    [
        lambda cursor: "x",
        lambda cursor: cursor[:-1],
        lambda cursor: cursor + "x",
        lambda cursor: cursor.replace(":", "::"),
        lambda cursor: f"A{cursor}",
        lambda cursor: cursor * 100,
        lambda cursor: "\x00",
        lambda cursor: "\u20ac",
        lambda cursor: b64encode(urlencode({"p": "2026-01-01"}).encode()).decode(),
    ],
)
@pytest.mark.parametrize("route", ["note-list", "v1:users:user-list"])
def test_forged_cursor_is_not_found(route: str, change: Callable[[str], str]) -> None:
    api = Client()
    api.force_authenticate(SuperuserFactory.create())
    NoteFactory.create_batch(2)
    response = api.get(reverse(route), {"cursor": change(cursor_of(api, route))})
    assert (response.status_code, response["Content-Type"]) == (404, "application/problem+json")


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


def test_cursor_is_valid_for_one_list_and_one_ordering(api: Client) -> None:
    api.force_authenticate(SuperuserFactory.create())
    NoteFactory.create_batch(2)
    cursor = cursor_of(api, "note-list", ordering="text")
    for query in ({"ordering": "-text"}, {"ordering": "created_at"}, {}):
        assert api.get(reverse("note-list"), query | {"cursor": cursor}).status_code == 404
    cursor = cursor_of(api, "note-list")
    assert api.get(reverse("v1:users:user-list"), {"cursor": cursor}).status_code == 404
    assert api.get(reverse("note-list"), {"cursor": ""}).status_code == 200
