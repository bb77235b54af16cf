"""Search on SQLite: by FTS5 (https://sqlite.org/fts5.html) if the migration found it, otherwise by `LIKE`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import connection
from django.db.models import Case, FloatField, Q, Value, When

from apps.search.backends import words_of_similar_length
from apps.search.text import START, STOP, highlighted, parsed

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from apps.search.models import SearchEntry

JOIN = ["search_fts.rowid = search_searchentry.id", "search_fts MATCH %s"]


def vector_of(_entry: SearchEntry) -> None:
    """Return nothing: triggers keep the FTS5 table equal to the entries."""


def matching(entries: QuerySet[SearchEntry], text: str) -> QuerySet[SearchEntry]:
    """Return the entries that match a query, with their `rank`."""
    alternatives, excluded = parsed(text)
    if not alternatives:
        return entries.none().annotate(rank=Value(0.0))
    if _has_fts():
        # Smaller values of `bm25` are better.
        return _joined(entries, text, "rank", "-bm25(search_fts, 10.0, 1.0)")
    matches, in_title = Q(), Q()
    for words in alternatives:
        every = Q()
        for word in words:
            every &= Q(title__icontains=word) | Q(text__icontains=word)
            in_title |= Q(title__icontains=word)
        matches |= every
    for word in excluded:
        matches &= ~(Q(title__icontains=word) | Q(text__icontains=word))
    rank = Case(When(in_title, then=1.0), default=0.1, output_field=FloatField())
    return entries.filter(matches).annotate(rank=rank)


def newest(matches: QuerySet[SearchEntry]) -> QuerySet[SearchEntry]:
    return matches.order_by("-date", "-pk")


def headlines(entries: QuerySet[SearchEntry], text: str) -> dict[int, str]:
    """Return the best part of the text of each entry, with delimited words."""
    if _has_fts():
        snippet = f"snippet(search_fts, 1, '{START}', '{STOP}', '…', 30)"
        joined: QuerySet[Any] = _joined(entries, text, "headline", snippet)
        return dict(joined.values_list("pk", "headline"))
    words = [word for alternative in parsed(text)[0] for word in alternative]
    return {key: highlighted(found, words) for key, found in entries.values_list("pk", "text")}


def similar_words(word: str) -> list[str]:
    return words_of_similar_length(word)


def _has_fts() -> bool:
    return "search_fts" in connection.introspection.table_names()


def _joined(entries: QuerySet[SearchEntry], text: str, name: str, expression: str) -> QuerySet[SearchEntry]:
    # The ORM cannot join a virtual table without a model.
    return entries.extra(  # noqa: S610 - the expressions are constants, the query is a parameter
        select={name: expression}, tables=["search_fts"], where=JOIN, params=[_expression(text)]
    )


def _expression(text: str) -> str:
    """Return the query in the syntax of FTS5, with each word quoted, so that none is an operator."""
    alternatives, excluded = parsed(text)
    found = " OR ".join("(" + " AND ".join(map(_quoted, words)) + ")" for words in alternatives)
    return f"({found})" + "".join(f" NOT {_quoted(word)}" for word in excluded)


def _quoted(word: str) -> str:
    return '"' + word.replace('"', '""') + '"'
