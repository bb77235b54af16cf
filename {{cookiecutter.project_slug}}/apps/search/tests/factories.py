from collections.abc import Iterator

from django.db.models import Model

from apps.search.models import SearchTerm
from apps.search.registry import SOURCES
from apps.search.services.entries import entries_rebuild
from apps.users.models import User

TERMS = {"service layer": (12, 0), "postgresql": (7, 0), "kubernetes": (5, 5)}


def seed(_account: User) -> Iterator[Model]:
    """Create search terms for `make seed`, and index the rows of the other apps."""
    for kind in SOURCES:
        for _batch in entries_rebuild(kind=kind):
            pass
    for term, (searches, empty) in TERMS.items():
        values = {"searches": searches, "empty": empty}
        row, created = SearchTerm.objects.get_or_create(term=term, defaults=values)
        if created:
            yield row
