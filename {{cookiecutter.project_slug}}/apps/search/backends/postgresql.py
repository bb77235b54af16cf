"""Full-text search of PostgreSQL: https://docs.djangoproject.com/en/stable/ref/contrib/postgres/search/"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.postgres.lookups import TrigramSimilar
from django.contrib.postgres.search import SearchHeadline, SearchQuery, SearchRank, SearchVector
from django.db import connection, transaction
from django.db.models import Case, DateTimeField, ExpressionWrapper, F, FloatField, Q, TextField, Value, When
from django.db.models.functions import Left

from apps.search.backends import words_of_similar_length
from apps.search.models import SearchWord
from apps.search.text import START, STOP, normalized

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from apps.search.models import SearchEntry

# `ts_headline` parses the text again.
HEADLINE_TEXT = 2_000
# A swapped pair of letters changes up to five trigrams of a short word.
SIMILARITY = "0.2"
CANDIDATES = 20
# Estimated number of matches from which the index of dates is faster.
MANY = 10_000


def vector_of(entry: SearchEntry) -> Any:
    """Return the expression of the column `vector`: the title has weight A, the text weight B."""
    title = SearchVector(Value(entry.title), config=entry.config, weight="A")
    return title + SearchVector(Value(entry.text), config=entry.config, weight="B")


def matching(entries: QuerySet[SearchEntry], text: str) -> QuerySet[SearchEntry]:
    """Return the entries that match a query, with their `rank`."""
    matches, ranks = Q(), []
    for config, query in _queries(text).items():
        matches |= Q(config=config, vector__matches=query)
        ranks.append(When(config=config, then=SearchRank(F("vector"), query)))
    rank = Case(*ranks, default=0.0, output_field=FloatField())
    return entries.filter(matches).annotate(rank=rank)


def newest(matches: QuerySet[SearchEntry]) -> QuerySet[SearchEntry]:
    """Order matches by date: few are read by the GIN index and sorted, many by the index of dates.

    PostgreSQL alone uses the index of dates too often, since it underestimates comparisons of vectors.
    """
    plan = matches.order_by().values("pk").explain(format="json")
    # There is none if the filters exclude all rows, such as without a registered model.
    if plan and json.loads(plan)[0]["Plan"]["Plan Rows"] > MANY:
        return matches.order_by("-date", "-pk")
    # No index has this expression.
    date = ExpressionWrapper(F("date") + Value(timedelta()), output_field=DateTimeField())
    return matches.order_by(date.desc(), "-pk")


def headlines(entries: QuerySet[SearchEntry], text: str) -> dict[int, str]:
    """Return the best part of the text of each entry, with delimited words."""
    beginning = Left("text", HEADLINE_TEXT)
    options: Any = {"start_sel": START, "stop_sel": STOP, "max_words": 30, "min_words": 15}
    cases = [
        When(config=config, then=SearchHeadline(beginning, query, config=config, **options))
        for config, query in _queries(text).items()
    ]
    headline = Case(*cases, default=Value(""), output_field=TextField())
    return dict(entries.annotate(headline=headline).values_list("pk", "headline"))


def similar_words(word: str) -> list[str]:
    """Return known words with similar trigrams; without the extension pg_trgm, of similar length."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_extension WHERE extname = 'pg_trgm'")
        if cursor.fetchone() is None:
            return words_of_similar_length(word)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('pg_trgm.similarity_threshold', %s, true)", [SIMILARITY])
        similar = SearchWord.objects.filter(TrigramSimilar(F("word"), word)).order_by()
        return list(similar.values_list("word", flat=True)[:CANDIDATES])


def _queries(text: str) -> dict[str, SearchQuery]:
    """Return the query in each configuration: an entry matches the query in its own language only."""
    configs = sorted({*settings.SEARCH_CONFIGS.values(), "simple"})
    query = normalized(text)
    return {config: SearchQuery(query, config=config, search_type="websearch") for config in configs}
