from collections.abc import Iterator
from datetime import timedelta

import factory
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from factory.django import DjangoModelFactory

from apps.files.models import Download, Folder, Share, StoredFile, Upload
from apps.files.services.files import file_create
from apps.files.services.folders import folder_create
from apps.files.services.shares import share_create
from apps.files.storage import UPLOADS, random_name
from apps.files.tests import samples
from apps.users.models import User
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


class FolderFactory(DjangoModelFactory[Folder]):
    class Meta:
        model = Folder

    owner = factory.SubFactory(UserFactory)
    name = factory.Sequence(lambda number: f"folder {number}")


class UploadFactory(DjangoModelFactory[Upload]):
    """Factory of uploads without content."""

    class Meta:
        model = Upload

    owner = factory.SubFactory(UserFactory)
    name = "a.txt"
    size = 10
    content_type = "text/plain"
    storage_name = factory.LazyFunction(lambda: random_name(UPLOADS))
    expires_at = factory.LazyFunction(lambda: timezone.now() + timedelta(hours=1))


class ShareFactory(DjangoModelFactory[Share]):
    """Factory of shares with a person."""

    class Meta:
        model = Share

    file = factory.SubFactory(StoredFileFactory)
    owner = factory.SelfAttribute("file.owner")
    email = factory.Sequence(lambda number: f"person{number}@example.com")
    expires_at = factory.LazyFunction(lambda: timezone.now() + timedelta(days=1))


class DownloadFactory(DjangoModelFactory[Download]):
    class Meta:
        model = Download

    share = factory.SubFactory(ShareFactory)
    file = factory.SelfAttribute("share.file")


def seed(account: User) -> Iterator[StoredFile]:
    """Create sample files for `make seed`, with blobs in the storage."""
    if not StoredFile.objects.filter(owner=account).exists():
        folder = folder_create(owner=account, name="Documents").pk
        contents = {"notes.txt": b"Buy milk.\n", "form.pdf": samples.PDF, "red.png": samples.image("PNG")}
        for name, content in contents.items():
            file = file_create(owner=account, file=SimpleUploadedFile(name, content), folder=folder)
            share_create(owner=account, file=file.pk, email="grace@example.com")
            yield file
