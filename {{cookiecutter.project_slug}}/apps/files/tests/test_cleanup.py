from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.core.files.base import ContentFile
from django.core.files.storage import InMemoryStorage, default_storage
from django.core.management import CommandError, call_command
from django.utils import timezone

from apps.files.storage import random_name
from apps.files.tests.factories import StoredFileFactory
from apps.files.tests.helpers import blobs

pytestmark = pytest.mark.django_db


def clean_up(*arguments: str) -> str:
    """Return the line about orphaned blobs."""
    output = StringIO()
    call_command("purge_files", *arguments, stdout=output)
    return output.getvalue().splitlines(keepends=True)[-1]


def write(*, days: int, folder: str = "") -> str:
    """Save a blob that is `days` old and return its name."""
    with time_machine.travel(timezone.now() - timedelta(days=days), tick=False):
        return default_storage.save(random_name(folder), ContentFile(b"Hello"))


def test_cleanup_removes_orphaned_blobs_after_grace_period() -> None:
    orphans = {write(days=2), write(days=3)}
    recent = write(days=0)
    named = write(days=2)
    thumbnail = write(days=2, folder=named.rpartition("/")[0])
    StoredFileFactory.create(storage_name=named, thumbnail_name=thumbnail)
    avatar = default_storage.save("avatars/me.webp", ContentFile(b"picture"))

    assert clean_up("--dry-run") == "2 orphaned blobs would be deleted, 0 files without blob.\n"
    assert orphans < set(blobs())
    assert clean_up() == "2 orphaned blobs deleted, 0 files without blob.\n"
    assert set(blobs()) == {recent, named, thumbnail}
    assert default_storage.exists(avatar)
    assert clean_up() == "0 orphaned blobs deleted, 0 files without blob.\n"


def test_cleanup_counts_and_keeps_files_without_blob() -> None:
    file = StoredFileFactory.create()

    assert clean_up() == "0 orphaned blobs deleted, 1 files without blob.\n"
    file.refresh_from_db()


def test_cleanup_continues_and_fails_when_a_blob_cannot_be_deleted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    names = sorted(write(days=2) for _ in range(3))
    delete = InMemoryStorage.delete

    def fail_once(storage: InMemoryStorage, name: str) -> Any:
        if name == names[0]:
            raise OSError("Permission denied")
        return delete(storage, name)

    monkeypatch.setattr(InMemoryStorage, "delete", fail_once)
    with pytest.raises(CommandError, match="1 blobs could not"):
        clean_up()
    assert blobs() == names[:1]
