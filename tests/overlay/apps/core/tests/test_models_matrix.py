"""Model base classes: less common cases."""

import pytest
from django.db import transaction
from django.db.models import ProtectedError

from apps.users.models import User
from tests.sampleapp.factories import NoteFactory
from tests.sampleapp.models import Article

pytestmark = pytest.mark.django_db


def test_author_of_a_row_is_protected_from_deletion(user: User) -> None:
    NoteFactory.create(created_by=user)
    with pytest.raises(ProtectedError):
        user.delete()


def test_slug_gets_a_number_for_equal_titles_in_a_transaction() -> None:
    with transaction.atomic():
        slugs = [Article.objects.create(title="Same").slug for _ in range(3)]
    assert slugs == ["same", "same-2", "same-3"]
