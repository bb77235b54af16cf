import factory
from factory.django import DjangoModelFactory

from apps.users.tests.factories import UserFactory
from tests.sampleapp.models import Measurement, Note


class NoteFactory(DjangoModelFactory[Note]):
    class Meta:
        model = Note

    text = factory.Sequence(lambda number: f"note {number}")
    owner = factory.SubFactory(UserFactory)


class MeasurementFactory(DjangoModelFactory[Measurement]):
    class Meta:
        model = Measurement

    label = factory.Sequence(lambda number: f"measurement {number}")
