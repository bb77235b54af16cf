"""Full-text search of the databases: `postgresql` and `sqlite` have functions of the same names."""

from importlib import import_module
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models.functions import Length

from apps.search.models import SearchWord

MAX_SIMILAR = 2_000


def backend() -> Any:
    """Return the module of the database; imported on first use, since that of PostgreSQL needs its driver."""
    return import_module(f"apps.search.backends.{connections[DEFAULT_DB_ALIAS].vendor}")


def words_of_similar_length(word: str) -> list[str]:
    """Return known words with the same first letter and about the same length."""
    similar = SearchWord.objects.annotate(length=Length("word")).filter(length__gte=len(word) - 2)
    similar = similar.filter(length__lte=len(word) + 2, word__startswith=word[0])
    return list(similar.values_list("word", flat=True)[:MAX_SIMILAR])
