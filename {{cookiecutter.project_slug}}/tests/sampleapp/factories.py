import factory
from factory.django import DjangoModelFactory

from apps.users.tests.factories import UserFactory
from tests.sampleapp.models import Note


class NoteFactory(DjangoModelFactory[Note]):
    class Meta:
        model = Note

    text = factory.Sequence(lambda number: f"note {number}")
    owner = factory.SubFactory(UserFactory)
