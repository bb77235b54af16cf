"""Selectors: reads that do not depend on the request."""

from __future__ import annotations

import difflib
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db.models import Q

from apps.search.backends import backend
from apps.search.models import SearchEntry, SearchTerm, SearchWord
from apps.search.registry import SOURCES
from apps.search.text import WORD, headline_html, words_of

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser
    from django.db.models import QuerySet

    from apps.users.models import User

MAX_FACETS = 20
SUGGESTIONS = 8
# Titles that a suggestion reads to choose from.
MAX_TITLES = 100
# Words of a query that are corrected.
MAX_CORRECTED = 5


@dataclass
class Results:
    """One page of a search.

    Attributes:
        count: number of ranked matches.
        truncated: whether there are more matches than were ranked.
        types: numbers of matches by type.
        tags: labels and numbers of matches by tag.
        entries: the page, each with its `headline` as HTML.
    """

    count: int = 0
    truncated: bool = False
    types: dict[str, int] = field(default_factory=dict)
    tags: list[dict[str, Any]] = field(default_factory=list)
    entries: list[SearchEntry] = field(default_factory=list)


def entry_list_visible(*, user: User | AnonymousUser, kind: str = "", tag: str = "") -> QuerySet[SearchEntry]:
    """Return the public entries and those of the user."""
    entries = SearchEntry.objects.filter(kind__in=[name for name in SOURCES if kind in {"", name}])
    if tag:
        entries = entries.filter(tags__has_key=tag)
    visible = Q(owner=None)
    return entries.filter(visible | Q(owner=user.pk) if user.is_authenticated else visible)


def search(  # noqa: PLR0913 - independent filters
    *,
    text: str,
    user: User | AnonymousUser,
    kind: str = "",
    tag: str = "",
    page: int = 1,
    page_size: int = 20,
) -> Results:
    """Return one page of the entries that match a query, best first."""
    entries = entry_list_visible(user=user, kind=kind, tag=tag)
    newest = backend().newest(backend().matching(entries, text)).values("pk", "kind", "tags", "rank")
    found = [*newest[: settings.SEARCH_RANKED + 1]]
    ranked = sorted(found[: settings.SEARCH_RANKED], key=lambda row: -row["rank"])
    results = Results(count=len(ranked), truncated=len(found) > settings.SEARCH_RANKED)
    results.types = dict(Counter(row["kind"] for row in ranked).most_common())
    labels = {slug: label for row in ranked for slug, label in row["tags"].items()}
    tags = Counter(slug for row in ranked for slug in row["tags"]).most_common(MAX_FACETS)
    results.tags = [{"tag": slug, "label": labels[slug], "count": count} for slug, count in tags]
    keys = [row["pk"] for row in ranked[(page - 1) * page_size : page * page_size]]
    results.entries = _page(keys, text)
    return results


def correction_of(*, text: str, user: User | AnonymousUser) -> str | None:
    """Return the query with similar words of titles for unknown ones, if the user finds something by it."""
    words = sorted(words_of(text))[:MAX_CORRECTED]
    known = set(SearchWord.objects.filter(word__in=words).values_list("word", flat=True))
    nearest = {}
    for word in words:
        if word not in known:
            nearest[word] = difflib.get_close_matches(word, backend().similar_words(word), n=1, cutoff=0.75)
    corrected = WORD.sub(lambda found: "".join(nearest.get(found[0].casefold(), ())) or found[0], text)
    if corrected == text:
        return None
    # A word may be only in titles that are not public any more.
    entries = entry_list_visible(user=user)
    return corrected if backend().matching(entries, corrected).exists() else None


def title_list(*, prefix: str, user: User | AnonymousUser) -> list[str]:
    """Return titles that begin with a text, shortest first."""
    entries = entry_list_visible(user=user).filter(title__istartswith=prefix).order_by()
    found = _current(entries.only("kind", "object_id", "title")[:MAX_TITLES])
    titles = {entry.title for entry in found}
    return sorted(titles, key=lambda title: (len(title), title))[:SUGGESTIONS]


def term_list(*, empty: bool = False) -> QuerySet[SearchTerm]:
    """Return the terms, most frequent first, or those without results."""
    if empty:
        return SearchTerm.objects.filter(empty__gt=0).order_by("-empty", "pk")
    return SearchTerm.objects.order_by("-searches", "pk")


def _page(keys: list[int], text: str) -> list[SearchEntry]:
    rows = SearchEntry.objects.filter(pk__in=keys)
    headlines = backend().headlines(rows, text)
    entries: dict[int, Any] = {entry.pk: entry for entry in _current(rows.defer("text", "vector"))}
    for key, entry in entries.items():
        entry.headline = headline_html(headlines.get(key, ""))
    return [entries[key] for key in keys if key in entries]


def _current(rows: QuerySet[SearchEntry]) -> list[SearchEntry]:
    """Return the entries whose rows may still be found: the index is updated a moment later than they are."""
    entries = [*rows]
    keys: dict[str, list[str]] = {}
    for entry in entries:
        keys.setdefault(entry.kind, []).append(entry.object_id)
    shown = {
        (kind, str(key))
        for kind, values in keys.items()
        for key in SOURCES[kind].get_queryset().filter(pk__in=values).values_list("pk", flat=True)
    }
    return [entry for entry in entries if (entry.kind, entry.object_id) in shown]
