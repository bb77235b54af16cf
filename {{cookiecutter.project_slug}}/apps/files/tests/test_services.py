"""Transactions and concurrent uploads, below the HTTP layer."""

from functools import partial
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError, connection, transaction
from pytest_django import Settings

from apps.core import images
from apps.core.exceptions import UnavailableError
from apps.files.models import StoredFile
from apps.files.services.files import file_create, file_delete
from apps.files.tests.helpers import blobs
from apps.files.tests.samples import image
from apps.users.models import User
from apps.users.tests.factories import UserFactory
from apps.users.tests.helpers import at_once


def text(content: bytes = b"Hello") -> SimpleUploadedFile:
    return SimpleUploadedFile("a.txt", content)


@pytest.mark.django_db(transaction=True)
def test_file_create_is_rejected_inside_a_transaction() -> None:
    user = UserFactory.create()

    with pytest.raises(RuntimeError, match="durable"), transaction.atomic():
        file_create(owner=user, file=text())

    assert not blobs()
    assert not StoredFile.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_rolled_back_deletion_keeps_blob() -> None:
    file = file_create(owner=UserFactory.create(), file=text())

    with transaction.atomic():
        file_delete(file=StoredFile.objects.get())
        transaction.set_rollback(True)

    assert StoredFile.objects.get() == file
    assert blobs() == [file.storage_name]


@pytest.mark.django_db(transaction=True)
def test_quota_holds_for_concurrent_uploads(settings: Settings) -> None:
    settings.FILE_QUOTA_BYTES = 25
    user = UserFactory.create()

    def create(owner: User) -> Any:
        try:
            return file_create(owner=owner, file=text(b"0123456789"))
        except ValidationError as error:
            return error.error_dict["file"][0].code

    results = at_once([partial(create, user)] * 4)

    assert results.count("quota") == 2
    assert len(blobs()) == StoredFile.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_blob_is_kept_when_connection_breaks_during_commit(monkeypatch: pytest.MonkeyPatch) -> None:
    user = UserFactory.create()
    commit = connection.commit

    def commit_and_break() -> None:
        commit()
        raise OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr(connection, "commit", commit_and_break)
    with pytest.raises(OperationalError):
        file_create(owner=user, file=text())
    monkeypatch.undo()

    assert blobs() == [StoredFile.objects.get().storage_name]


@pytest.mark.django_db(transaction=True)
def test_image_is_rejected_while_the_decoder_is_busy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images, "DECODE_WAIT_SECONDS", 0)
    file = SimpleUploadedFile("a.png", image("PNG"))
    user = UserFactory.create()

    with images._decoding, pytest.raises(UnavailableError):  # noqa: SLF001 - held by another request
        file_create(owner=user, file=file)

    assert not blobs()
    # Other types do not wait for the decoder.
    with images._decoding:  # noqa: SLF001
        file_create(owner=user, file=text())


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["", "../a.txt", "a/b.txt", "con.txt"])
def test_file_create_rejects_invalid_file_name(user: User, name: str) -> None:
    file = text()
    # The setter of UploadedFile.name would sanitize it.
    file._name = name  # type: ignore[attr-defined] # noqa: SLF001

    with pytest.raises(ValidationError) as error:
        file_create(owner=user, file=file)
    assert error.value.error_dict["file"][0].code == "invalid_name"
