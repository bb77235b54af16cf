"""Counters of search terms, for staff. They refer to no user, and are deleted after `KEPT`."""

from datetime import timedelta

from django.db.models import F
from django.utils import timezone

from apps.search.models import MAX_TERM, SearchTerm
from apps.search.text import normalized_term

# Retention period after the last search.
KEPT = timedelta(days=90)
# New terms are not counted beyond, until `purge_search_terms` deletes old ones.
MAX_TERMS = 10_000


def term_record(*, text: str, empty: bool) -> None:
    """Count a search, unless its text may contain personal data.

    Args:
        text: as entered.
        empty: whether nothing was found.
    """
    term = normalized_term(text, length=MAX_TERM)
    if not term:
        return
    counted = SearchTerm.objects.filter(term=term).update(
        searches=F("searches") + 1, empty=F("empty") + int(empty), searched_at=timezone.now()
    )
    if not counted and SearchTerm.objects.count() < MAX_TERMS:
        row = SearchTerm(term=term, searches=1, empty=int(empty))
        # Ignored if a concurrent search inserted the same term: the count is off by one.
        SearchTerm.objects.bulk_create([row], ignore_conflicts=True)


def terms_purge(*, dry_run: bool = False) -> int:
    """Delete terms whose retention period has passed and return their number."""
    old = SearchTerm.objects.filter(searched_at__lt=timezone.now() - KEPT)
    return old.count() if dry_run else old.delete()[0]
