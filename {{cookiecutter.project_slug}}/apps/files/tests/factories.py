import factory
from factory.django import DjangoModelFactory

from apps.files.models import StoredFile
from apps.files.storage import random_name
from apps.users.tests.factories import UserFactory


class StoredFileFactory(DjangoModelFactory[StoredFile]):
    """Factory of file rows without a blob in the storage."""

    class Meta:
        model = StoredFile

    owner = factory.SubFactory(UserFactory)
    name = factory.Sequence(lambda number: f"file {number}.txt")
    size = 10
    content_type = "text/plain"
    checksum = "0" * 64
    storage_name = factory.LazyFunction(random_name)
