from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.core.files.base import ContentFile
from django.core.files.storage import InMemoryStorage, default_storage
from django.core.management import CommandError, call_command
from django.utils import timezone

from apps.files.objects import object_name
from apps.files.tests.factories import StoredFileFactory
from apps.files.tests.helpers import objects

pytestmark = pytest.mark.django_db


def clean_up(*arguments: str) -> str:
    output = StringIO()
    call_command("purge_files", *arguments, stdout=output)
    return output.getvalue()


def write(*, days: int) -> str:
    """Save a blob that is `days` old and return its name."""
    with time_machine.travel(timezone.now() - timedelta(days=days), tick=False):
        return default_storage.save(object_name(), ContentFile(b"Hello"))


def test_cleanup_removes_orphaned_blobs_after_grace_period() -> None:
    strays = {write(days=2), write(days=3)}
    waiting = write(days=0)
    named = write(days=2)
    StoredFileFactory.create(storage_name=named)
    avatar = default_storage.save("avatars/me.webp", ContentFile(b"picture"))

    assert clean_up("--dry-run") == "2 objects would be removed, 0 files without object.\n"
    assert strays < set(objects())
    assert clean_up() == "2 objects removed, 0 files without object.\n"
    assert set(objects()) == {waiting, named}
    assert default_storage.exists(avatar)
    assert clean_up() == "0 objects removed, 0 files without object.\n"


def test_cleanup_counts_and_keeps_files_without_blob() -> None:
    file = StoredFileFactory.create()

    assert clean_up() == "0 objects removed, 1 files without object.\n"
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
    with pytest.raises(CommandError, match="1 objects could not"):
        clean_up()
    assert objects() == names[:1]
