from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

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
