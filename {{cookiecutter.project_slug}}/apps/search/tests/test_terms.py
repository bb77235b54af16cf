"""Counters of search terms."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO
from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.auth.models import Permission
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from apps.search.models import SearchTerm
from apps.search.services import terms
from apps.users.tests.factories import StaffFactory
from conftest import Client

if TYPE_CHECKING:
    from collections.abc import Callable

    from apps.users.models import User

pytestmark = pytest.mark.django_db

SEARCH = reverse("v1:search:search")
TERMS = reverse("v1:search:term-list")


def test_search_is_counted_under_its_normalized_term(api: Client, add: Callable[..., Any]) -> None:
    add("green apple")
    for query in ("Green  Apple", "green apple ", "Nothing"):
        api.get(SEARCH, {"q": query})
    api.get(SEARCH, {"q": "green apple", "page": "2"})
    counts = {term.term: (term.searches, term.empty) for term in SearchTerm.objects.all()}
    assert counts == {"green apple": (2, 0), "nothing": (1, 1)}


@pytest.mark.parametrize(
    "query", ["ada@example.com", "+49 170 1234567", "4111-1111", "https://x.test/?token=1"]
)
def test_search_with_personal_data_is_not_counted(api: Client, query: str) -> None:
    assert api.get(SEARCH, {"q": query}).status_code == 200
    assert SearchTerm.objects.count() == 0


def test_number_of_terms_is_bounded(api: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terms, "MAX_TERMS", 2)
    for query in ("one", "two", "three", "one"):
        api.get(SEARCH, {"q": query})
    assert dict(SearchTerm.objects.values_list("term", "searches")) == {"one": 2, "two": 1}


def test_terms_are_listed_for_staff_with_the_permission(user_api: Client) -> None:
    for term, searches, empty in [("common", 9, 0), ("missing", 3, 3), ("rare", 1, 0)]:
        SearchTerm.objects.create(term=term, searches=searches, empty=empty)
    staff: User = StaffFactory.create()
    client = Client()
    client.login_by_token(staff)
    assert user_api.get(TERMS).status_code == client.get(TERMS).status_code == 403
    assert Client().get(TERMS).status_code == 401
    staff.user_permissions.add(Permission.objects.get(codename="view_searchterm"))
    assert [row["term"] for row in client.get(TERMS).json()["results"]] == ["common", "missing", "rare"]
    assert [row["term"] for row in client.get(TERMS, {"empty": "true"}).json()["results"]] == ["missing"]


def test_purge_deletes_terms_after_the_retention_period() -> None:
    SearchTerm.objects.create(term="old", searched_at=timezone.now() - timedelta(days=91))
    SearchTerm.objects.create(term="new")
    output = StringIO()
    call_command("purge_search_terms", "--dry-run", stdout=output)
    call_command("purge_search_terms", stdout=output)
    assert output.getvalue() == "1 search terms to remove.\n1 search terms removed.\n"
    assert SearchTerm.objects.get().term == "new"
