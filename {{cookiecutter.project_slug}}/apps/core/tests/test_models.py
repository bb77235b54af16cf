from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction
from django.db.models import ProtectedError
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from apps.core.models import SLUG_ATTEMPTS
from apps.users.models import User
from apps.users.tests.factories import UserFactory
from tests.sampleapp.factories import NoteFactory
from tests.sampleapp.models import Article, Note

pytestmark = pytest.mark.django_db


def test_uuid_key_is_generated_before_saving_and_can_be_set() -> None:
    chosen = NoteFactory.build(owner=None).pk
    assert NoteFactory.create(pk=chosen).pk == chosen
    assert Note.objects.get().pk == chosen
    assert chosen.version == 4


def test_timestamps_are_set_on_create_and_save() -> None:
    created = timezone.now()
    with time_machine.travel(created, tick=False):
        note = NoteFactory.create()
    with time_machine.travel(created + timedelta(hours=1), tick=False):
        note.save()
    note.refresh_from_db()
    assert (note.created_at, note.updated_at) == (created, created + timedelta(hours=1))


def test_authored_row_has_author_and_editor(user: User) -> None:
    note = NoteFactory.create(created_by=user, updated_by=UserFactory.create())
    assert note.created_by == user
    assert note.updated_by != user


def test_author_of_a_row_is_protected_from_deletion(user: User) -> None:
    NoteFactory.create(created_by=user)
    with pytest.raises(ProtectedError):
        user.delete()


def test_soft_deleted_row_is_hidden_and_can_be_restored(user: User) -> None:
    note = NoteFactory.create(owner=user)
    assert note.delete() == (1, {"sampleapp.Note": 1})
    assert not Note.objects.exists()
    assert not Note.objects.filter(owner=user).exists()
    assert Note.all_objects.get().deleted_at is not None
    note.restore()
    assert Note.objects.get() == note


def test_hard_delete_removes_the_row() -> None:
    note = NoteFactory.create()
    assert note.hard_delete() == (1, {"sampleapp.Note": 1})
    assert not Note.all_objects.exists()


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


def test_active_and_inactive_filter_rows() -> None:
    active, inactive = (Article.objects.create(title="Same", is_active=value) for value in (True, False))
    assert list(Article.objects.active()) == [active]
    assert list(Article.objects.inactive()) == [inactive]


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("Grüße, Welt!", "grue-welt"),
        ("  two  spaces ", "two-spaces"),
        ("日本語", "item"),
        ("x" * 200, "x" * 70),
    ],
)
def test_slug_is_generated_from_the_title(title: str, slug: str) -> None:
    assert Article.objects.create(title=title).slug == slug


def test_slug_is_kept_when_title_changes_or_slug_is_set() -> None:
    article = Article.objects.create(title="First")
    article.title = "Second"
    article.save()
    assert article.slug == "first"
    assert Article.objects.create(title="First", slug="mine").slug == "mine"


def test_slug_gets_a_number_for_equal_titles_in_a_transaction() -> None:
    with transaction.atomic():
        slugs = [Article.objects.create(title="Same").slug for _ in range(3)]
    assert slugs == ["same", "same-2", "same-3"]


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
