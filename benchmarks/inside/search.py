"""Script for a generated project: measures ranked searches in a million entries by the frequency of their words."""

from __future__ import annotations

import os
import random
import statistics
import sys
import time
from itertools import accumulate

import django

django.setup()

from apps.search import selectors
from apps.search.models import SearchEntry
from apps.search.registry import SOURCES, SearchSource
from django.contrib.auth.models import AnonymousUser
from django.db import connection

ROWS = int(os.environ["SEARCH_ROWS"])
WORDS_PER_TEXT = 60
WORDS_PER_TITLE = 6
VOCABULARY = 20_000
TARGET = 0.050
QUERIES = 400
SYLLABLES = [first + second for first in "bdfgklmnprst" for second in "aeiou"]
STAGE = """
CREATE UNLOGGED TABLE stage (number int, title text, text text, config text);
"""
COPY = "COPY stage (number, title, text, config) FROM STDIN"
INSERT = """
INSERT INTO search_searchentry (id, kind, object_id, title, text, url, tags, date, config, vector)
SELECT number, 'search.searchentry', number::text, title, text, '/' || number, '{{"tag": "Tag"}}',
    now() - ({rows} - number) * interval '1 minute' - random() * interval '10 days', config,
    setweight(to_tsvector(config::regconfig, title), 'A') || setweight(to_tsvector(config::regconfig, text), 'B')
FROM stage
"""


def fill(words: list[str]) -> None:
    """Insert the entries: words by Zipf's law, so that some are in half of the texts and most in a few."""
    weights = [*accumulate(1 / rank for rank in range(1, VOCABULARY + 1))]
    with connection.cursor() as cursor:
        cursor.execute(STAGE)
        with cursor.copy(COPY) as copy:
            for number in range(1, ROWS + 1):
                chosen = random.choices(words, cum_weights=weights, k=WORDS_PER_TEXT + WORDS_PER_TITLE)
                title, text = chosen[:WORDS_PER_TITLE], chosen[WORDS_PER_TITLE:]
                config = "german" if number % 10 == 0 else "english"
                copy.write_row((number, " ".join(title), " ".join(text), config))
        cursor.execute(INSERT.format(rows=ROWS))
        cursor.execute("VACUUM ANALYZE search_searchentry")


def duration(query: str) -> float:
    start = time.perf_counter()
    selectors.search(text=query, user=AnonymousUser())
    return time.perf_counter() - start


def main() -> int:
    """Print the table; return 0 if the target is met."""
    random.seed(1)
    words = ["".join(random.sample(SYLLABLES, 3)) for _ in range(VOCABULARY)]
    SOURCES.clear()
    SOURCES["search.searchentry"] = SearchSource(SearchEntry)
    if SearchEntry.objects.count() < ROWS:
        fill(words)

    def word() -> str:
        """Choose a word evenly by the logarithm of its rank."""
        return words[int(VOCABULARY ** random.random()) - 1]

    def near(rank: int) -> str:
        return words[random.randrange(rank - rank // 10, rank + rank // 10 + 1)]

    kinds = {
        "one word of any frequency": word,
        "two words": lambda: f"{word()} {word()}",
        "three words": lambda: f"{word()} {word()} {word()}",
        "one of two words": lambda: f"{word()} or {word()}",
        "one word without another": lambda: f"{word()} -{word()}",
    }
    groups = {
        "a word in about half of the rows": lambda: words[random.randrange(6, 9)],
        "a word in 5 % of the rows": lambda: near(110),
        "a word in 2 % of the rows": lambda: near(300),
        "a word in 0.5 % of the rows": lambda: near(1100),
        "a word in 0.05 % of the rows": lambda: near(11000),
    }
    for make in kinds.values():
        for _ in range(20):
            duration(make())
    print(f"{ROWS} rows, time of a search in ms: median, 95th percentile, maximum")
    total: list[float] = []
    for name, make in {**kinds, **groups}.items():
        times = sorted(duration(make()) for _ in range(QUERIES))
        if name in kinds:
            total += times
        show(name, times)
    show("all of the first five", sorted(total))
    return 0 if percentile(sorted(total)) <= TARGET else 1


def percentile(times: list[float]) -> float:
    return times[int(len(times) * 0.95)]


def show(name: str, times: list[float]) -> None:
    figures = (statistics.median(times), percentile(times), times[-1])
    print(f"{name:36}" + "".join(f"{figure * 1000:9.1f}" for figure in figures), flush=True)


sys.exit(main())
