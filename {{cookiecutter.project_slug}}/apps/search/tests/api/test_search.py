"""Search over HTTP, with the same results on each database."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from apps.search.models import SearchEntry
from apps.users.tests.factories import UserFactory
from tests.sampleapp.models import Article, Measurement, Note

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_django import Settings

    from apps.users.models import User
    from conftest import Client

    Add = Callable[..., Measurement]
    Commit = Callable[..., Any]

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_each_backend")]

SEARCH = reverse("v1:search:search")
SIGNS = """
& | ! - -- * % _ ' '' " (a a:* {} %s <b> \\
&
a & | ! b
a:* (a
''
"a
- -a
or
or or
a or
%
_
\\
\\'
🙂
🙂 a
the and of
NEAR(a b)
title:a
<b>{}%s
"""
REPEATED = [
    ("x", 10_000),
    ("a", 200),
    ("a ", 99),
    ("-", 200),
    ('"', 200),
    ("-a ", 66),
    ("a or ", 40),
    ('"a" -', 33),
]
HOSTILE = [
    *SIGNS.splitlines(),
    *(sign * count for sign, count in REPEATED),
    "   ",
    "a\0b",
    "a\x02b\x03",
    "\ud800",
]


def search(client: Client, q: str, **query: Any) -> Any:
    response = client.get(SEARCH, {"q": q, **query})
    assert response.status_code == 200, response.content
    return response.json()


def titles(client: Client, q: str, **query: Any) -> list[str]:
    return [row["title"] for row in search(client, q, **query)["results"]]


def test_result_has_type_id_headline_and_tags(api: Client, add: Add) -> None:
    row = add("Kettle", "Water boils at a hundred degrees.", count=3)
    (found,) = search(api, "boils")["results"]
    assert found.pop("date")
    assert found == {
        "type": "sampleapp.measurement",
        "id": str(row.pk),
        "title": "Kettle",
        "headline": "Water <mark>boils</mark> at a hundred degrees.",
        "url": "",
        "tags": {"tag-3": "Tag 3"},
    }


def test_title_ranks_above_text(api: Client, add: Add) -> None:
    add("Tea", "A kettle for tea.")
    add("Kettle", "Made of steel.")
    add("Coffee", "Some beans.")
    assert titles(api, "kettle") == ["Kettle", "Tea"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("red apple", {"red apple"}),
        ("red or green", {"red apple", "green apple"}),
        ("apple -green", {"red apple"}),
        ('"apple green"', set()),
        ('"green apple"', {"green apple"}),
        ("APPLE", {"red apple", "green apple"}),
        ("apple -green -red", set()),
        ("red or green -apple", set()),
        ("-green", set()),
    ],
)
def test_query_syntax(api: Client, add: Add, query: str, expected: set[str]) -> None:
    add("red apple")
    add("green apple")
    assert set(titles(api, query)) == expected


def test_hostile_queries_have_clean_responses(api: Client, add: Add) -> None:
    add("a")
    for query in HOSTILE:
        for path in (SEARCH, reverse("v1:search:suggestions")):
            response = api.get(path, {"q": query.encode("utf-8", "surrogatepass")})
            assert response.status_code in {200, 400}, (path, query)
            assert response.json()


@pytest.mark.parametrize(
    "query",
    [{}, {"q": ""}, {"q": "a", "page": 0}, {"q": "a", "page_size": 51}, {"q": "a", "type": "users.user"}],
)
def test_invalid_parameters_are_rejected(api: Client, query: dict[str, Any]) -> None:
    assert api.get(SEARCH, query).status_code == 400


def test_headline_escapes_html(api: Client, add: Add) -> None:
    add("Title", "<script>alert('kettle')</script> \x02kettle\x03 & more")
    headline = search(api, "kettle")["results"][0]["headline"]
    assert "<script" not in headline
    # The delimiters in the text itself mark nothing.
    assert headline.replace("<mark>kettle</mark>", "").count("<") == 0


def test_private_entries_are_found_by_their_owner_only(
    api: Client, user: User, user_api: Client, commit: Commit
) -> None:
    other = UserFactory.create()
    for owner in (user, other):
        commit(Note.objects.create, text=f"secret of {owner.pk}", owner=owner)
    (found,) = search(user_api, "secret")["results"]
    assert found["id"] == str(Note.objects.get(owner=user).pk)
    assert search(user_api, "secret")["count"] == 1
    assert search(api, "secret")["count"] == 0


def test_changes_update_the_index_after_commit(api: Client, add: Add, commit: Commit) -> None:
    row = add("kettle")
    row.label = "teapot"
    commit(row.save)
    assert titles(api, "kettle") == []
    assert titles(api, "teapot") == ["teapot"]
    commit(row.delete)
    assert titles(api, "teapot") == []
    assert SearchEntry.objects.count() == 0


def test_row_that_is_hidden_now_is_not_shown_before_the_index_is_updated(api: Client, commit: Commit) -> None:
    article = commit(Article.objects.create, title="Breaking news")
    assert titles(api, "news") == ["Breaking news"]
    Article.objects.filter(pk=article.pk).update(is_active=False)
    assert titles(api, "news") == []
    assert api.get(reverse("v1:search:suggestions"), {"q": "break"}).json()["titles"] == []


def test_facets_count_types_and_tags(api: Client, add: Add, commit: Commit) -> None:
    commit(Article.objects.create, title="apple")
    for number in (1, 1, 2):
        add("apple", count=number)
    found = search(api, "apple")
    assert found["types"] == {"sampleapp.measurement": 3, "sampleapp.article": 1}
    assert found["tags"] == [
        {"tag": "tag-1", "label": "Tag 1", "count": 2},
        {"tag": "tag-2", "label": "Tag 2", "count": 1},
    ]
    assert search(api, "apple", tag="tag-1")["count"] == 2
    assert search(api, "apple", type="sampleapp.article")["count"] == 1
    assert search(api, "apple", tag="unknown")["count"] == 0


def test_pages_are_bounded(api: Client, add: Add, settings: Settings) -> None:
    settings.SEARCH_RANKED = 3
    for number in range(4):
        add(f"apple {number}", created_at=timezone.now() - timedelta(days=number))
    first = search(api, "apple", page_size=2)
    assert (first["count"], first["truncated"]) == (3, True)
    assert [row["title"] for row in first["results"]] == ["apple 0", "apple 1"]
    assert titles(api, "apple", page_size=2, page=2) == ["apple 2"]
    assert titles(api, "apple", page=1000) == []


def test_number_of_queries_does_not_depend_on_the_number_of_results(api: Client, add: Add) -> None:
    add("apple")
    search(api, "apple")
    with CaptureQueriesContext(connection) as few:
        search(api, "apple")
    for number in range(10):
        add(f"apple {number}", count=number)
    with CaptureQueriesContext(connection) as many:
        search(api, "apple")
    assert len(many) == len(few)


def test_typing_error_gets_a_correction_that_finds_something(api: Client, add: Add) -> None:
    add("Django handbook")
    found = search(api, "djagno handbook")
    assert found["results"] == []
    assert found["did_you_mean"] == "django handbook"
    assert search(api, "django")["did_you_mean"] is None
    assert search(api, "xylophone")["did_you_mean"] is None


def test_correction_reveals_no_private_and_no_hidden_words(api: Client, user: User, commit: Commit) -> None:
    commit(Note.objects.create, text="watermelon", owner=user)
    article = commit(Article.objects.create, title="strawberry")
    article.is_active = False
    commit(article.save)
    for typed in ("watermelom", "strawbery"):
        assert search(api, typed)["did_you_mean"] is None


def test_suggestions_complete_titles(api: Client, add: Add) -> None:
    for title in ("Kettle of steel", "Kettle", "Tea kettle"):
        add(title)
    response = api.get(reverse("v1:search:suggestions"), {"q": "kett"})
    assert response.json() == {"titles": ["Kettle", "Kettle of steel"], "did_you_mean": None}
    wrong = api.get(reverse("v1:search:suggestions"), {"q": "ketle"})
    assert wrong.json() == {"titles": [], "did_you_mean": "kettle"}
    assert api.get(reverse("v1:search:suggestions"), {"q": "k"}).status_code == 400


@pytest.mark.parametrize(("name", "scope"), [("search", "search"), ("suggestions", "suggestion")])
def test_requests_are_throttled(api: Client, settings: Settings, name: str, scope: str) -> None:
    settings.THROTTLE_RATES = settings.THROTTLE_RATES | {scope: "2/minute"}
    statuses = [api.get(reverse(f"v1:search:{name}"), {"q": "apple"}).status_code for _ in range(3)]
    assert statuses == [200, 200, 429]
