"""Entries of the index, written by primary key from the current rows: updates are idempotent."""

from __future__ import annotations

from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.conf import settings
from django.db import transaction

from apps.search.backends import backend
from apps.search.models import SearchEntry, SearchWord
from apps.search.registry import SOURCES
from apps.search.text import cleaned, words_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from django.db.models import Model

    from apps.search.registry import SearchSource
    from apps.users.models import User

# PostgreSQL limits a vector to 1 MB, and the time to rank depends on its size.
MAX_TEXT = 20_000
MAX_TITLE = 200
MAX_TAGS = 20
# Rows that a rebuild locks and writes at a time.
BATCH = 200
UNIQUE = ["kind", "object_id"]
VALUES = ["owner", "title", "text", "url", "tags", "date", "config", "vector"]


def entries_schedule(model: type[Model], *keys: object) -> None:
    """Update the entries of rows after the commit.

    `save()` and `delete()` of a registered model call this; call it after a `QuerySet.update()`.
    """
    if apps.is_installed("infrastructure.tasks"):
        # By name: the module exists only together with Celery.
        update = import_module("apps.search.tasks").entries_queue
    else:
        update = entries_update
    kind = model._meta.label_lower  # noqa: SLF001 - Django's documented Options API
    job = partial(update, kind=kind, keys=[str(key) for key in keys])
    # Robust: a failure must not fail the request whose data is committed.
    transaction.on_commit(job, robust=True)


@transaction.atomic
def entries_update(*, kind: str, keys: Collection[str]) -> int:
    """Write the entries of rows that may be found, delete those of other rows; returns the number written."""
    source = SOURCES[kind]
    # The lock orders concurrent updates: each reads the newest row, and is finished before the row changes.
    rows = source.model._base_manager.select_for_update(no_key=True, of=("self",))  # noqa: SLF001 - documented
    list(rows.filter(pk__in=keys).order_by("pk").values_list("pk"))
    found = source.get_queryset().filter(pk__in=keys).order_by("pk")
    entries = [_entry(source, row) for row in found]
    SearchEntry.objects.bulk_create(
        entries, update_conflicts=True, unique_fields=UNIQUE, update_fields=VALUES
    )
    written = {entry.object_id for entry in entries}
    SearchEntry.objects.filter(kind=kind, object_id__in={*keys} - written).delete()
    words = words_of(" ".join(entry.title for entry in entries if entry.owner_id is None))
    # Sorted, since concurrent inserts of the same words in different orders would deadlock.
    SearchWord.objects.bulk_create([SearchWord(word=word) for word in sorted(words)], ignore_conflicts=True)
    return len(entries)


def entries_rebuild(*, kind: str, after: str | None = None) -> Iterator[tuple[str, int]]:
    """Write all entries of a model and delete those of rows that do not exist, in batches.

    Args:
        kind: the model.
        after: the primary key after which to continue.

    Yields:
        The last primary key and the number of rows of each batch; the deletion yields no rows.
    """
    source = SOURCES[kind]
    remaining = source.get_queryset().order_by("pk").values_list("pk", flat=True)
    while keys := [*(remaining.filter(pk__gt=after) if after else remaining)[:BATCH]]:
        after = str(keys[-1])
        yield after, entries_update(kind=kind, keys=[str(key) for key in keys])
    old = SearchEntry.objects.filter(kind=kind).order_by("pk")
    last = 0
    while entries := dict(old.filter(pk__gt=last).values_list("pk", "object_id")[:BATCH]):
        last = max(entries)
        present = source.get_queryset().filter(pk__in=entries.values()).values_list("pk", flat=True)
        if missing := {*entries.values()} - {str(key) for key in present}:
            # Checks again under a lock.
            entries_update(kind=kind, keys=missing)
        yield str(after), 0


def entries_delete_unregistered() -> None:
    """Delete the entries of models that are not registered any more."""
    SearchEntry.objects.exclude(kind__in=[*SOURCES]).delete()


def words_delete() -> None:
    """Delete the words of titles before a complete rebuild, which adds those that are still in use."""
    SearchWord.objects.all().delete()


def entries_delete(*, owner: User) -> None:
    """Delete the private entries of a user."""
    SearchEntry.objects.filter(owner=owner).delete()


def _entry(source: SearchSource[Any], row: Any) -> SearchEntry:
    document = source.document(row)
    language = (document.language or settings.LANGUAGE_CODE).partition("-")[0]
    entry = SearchEntry(
        kind=source.kind,
        object_id=str(row.pk),
        owner_id=document.owner_id,
        title=cleaned(document.title, length=MAX_TITLE),
        text=cleaned(document.text, length=MAX_TEXT),
        url=document.url,
        tags=dict([*document.tags.items()][:MAX_TAGS]),
        date=document.date,
        config=settings.SEARCH_CONFIGS.get(language, "simple"),
    )
    entry.vector = backend().vector_of(entry)
    return entry
