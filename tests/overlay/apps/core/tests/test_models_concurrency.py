"""Unique slugs under concurrency, and rare operations of soft deletion."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import IntegrityError, connection
from pytest_django import DjangoAssertNumQueries

from apps.core.models import SLUG_ATTEMPTS
from tests.sampleapp.factories import NoteFactory
from tests.sampleapp.models import Article, Note

pytestmark = pytest.mark.django_db


def test_querysets_are_soft_deleted_restored_and_hard_deleted() -> None:
    kept, *_others = NoteFactory.create_batch(3)
    others = Note.all_objects.exclude(pk=kept.pk)
    assert others.delete() == (2, {"sampleapp.Note": 2})
    assert list(Note.objects.all()) == list(Note.all_objects.alive()) == [kept]
    assert set(Note.all_objects.dead()) == set(others)
    assert others.restore() == 2
    assert Note.objects.count() == 3
    assert others.hard_delete() == (2, {"sampleapp.Note": 2})
    assert list(Note.all_objects.all()) == [kept]


def test_soft_delete_keeps_the_first_date() -> None:
    note = NoteFactory.create()
    note.delete()
    assert Note.all_objects.all().delete() == (0, {"sampleapp.Note": 0})
    assert Note.all_objects.get().deleted_at == note.deleted_at


@pytest.mark.parametrize("method", ["delete", "hard_delete"])
def test_manager_has_no_delete_methods(method: str) -> None:
    assert not hasattr(Note.objects, method)
    assert not hasattr(Note.all_objects, method)


def test_slug_gets_random_suffix_after_100_attempts() -> None:
    numbered = [f"same-{number}" for number in range(2, SLUG_ATTEMPTS + 1)]
    Article.objects.bulk_create(Article(title="Same", slug=slug) for slug in ["same", *numbered])
    slugs = {Article.objects.create(title="Same").slug for _ in range(2)}
    assert len(slugs) == 2
    assert all(slug.startswith("same-") for slug in slugs)
    assert slugs.isdisjoint(numbered)


def test_slug_is_not_retried_on_other_integrity_errors(
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    article = Article(title="Same")
    article.is_active = None  # type: ignore[assignment]
    with django_assert_max_num_queries(5), pytest.raises(IntegrityError, match="is_active"):
        article.save()


@pytest.mark.django_db(transaction=True)
def test_slug_is_unique_for_concurrent_inserts() -> None:
    number = 8
    barrier = Barrier(number)

    def create(_number: int) -> str:
        try:
            barrier.wait()
            return Article.objects.create(title="Same").slug
        finally:
            connection.close()

    with ThreadPoolExecutor(number) as pool:
        slugs = set(pool.map(create, range(number)))
    assert slugs == {"same", *(f"same-{count}" for count in range(2, number + 1))}
