"""Script for a generated project: measures ranked searches in a million entries by the frequency of their words."""

from __future__ import annotations

import os
import random
import sys
import time
from importlib import import_module
from itertools import accumulate
from pathlib import Path

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
        # Built afterwards, which is faster than to insert into it.
        cursor.execute("DROP INDEX search_entry_vector")
        cursor.execute(INSERT.format(rows=ROWS))
        cursor.execute(import_module("apps.search.migrations.0002_indexes").GIN)
        cursor.execute("VACUUM ANALYZE search_searchentry")


def on_processor() -> float:
    """Return the seconds that this process and its session of the server, on the same machine, have computed."""
    nanoseconds = Path(f"/proc/{connection.connection.info.backend_pid}/schedstat").read_text().split()[0]
    return time.process_time() + int(nanoseconds) / 1e9


def duration(query: str) -> tuple[float, float]:
    """Return the elapsed time and the processor time of a search."""
    start, computed = time.perf_counter(), on_processor()
    selectors.search(text=query, user=AnonymousUser())
    return time.perf_counter() - start, on_processor() - computed


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
    print(f"{ROWS} rows, ms of a search: elapsed (median, 95th percentile), processor (median, 95th percentile)")
    total: list[tuple[float, float]] = []
    for name, make in {**kinds, **groups}.items():
        times = [duration(make()) for _ in range(QUERIES)]
        if name in kinds:
            total += times
        show(name, times)
    return 0 if show("all of the first five", total)[1] <= TARGET else 1


def show(name: str, times: list[tuple[float, float]]) -> list[float]:
    figures = [quantile(sorted(column), share) for column in zip(*times, strict=True) for share in (0.5, 0.95)]
    print(f"{name:36}" + "".join(f"{figure * 1000:9.1f}" for figure in figures), flush=True)
    return figures


def quantile(times: list[float], share: float) -> float:
    return times[int(len(times) * share)]


sys.exit(main())
