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
    call_command("files_cleanup", *arguments, stdout=output)
    return output.getvalue()


def write(*, days: int) -> str:
    """An object that was written so many days ago."""
    with time_machine.travel(timezone.now() - timedelta(days=days), tick=False):
        return default_storage.save(object_name(), ContentFile(b"Hello"))


def test_objects_without_a_row_are_removed_once_no_upload_can_be_waiting() -> None:
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


def test_files_without_object_are_counted_and_kept() -> None:
    file = StoredFileFactory.create()

    assert clean_up() == "0 objects removed, 1 files without object.\n"
    file.refresh_from_db()


def test_an_object_that_cannot_be_removed_fails_the_command_after_the_others(
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
