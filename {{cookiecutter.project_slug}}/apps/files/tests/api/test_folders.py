"""Folders, and moving and renaming of files."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.urls import reverse
from factory.django import DjangoModelFactory
from pytest_django import DjangoAssertNumQueries

from apps.core.exceptions import NotFoundError
from apps.files.models import Folder, StoredFile
from apps.files.services import folders
from apps.files.tests.factories import FolderFactory, StoredFileFactory, UploadFactory
from apps.files.tests.helpers import LIST, blobs, stored
from apps.users.models import User
from apps.users.tests.factories import UserFactory
from apps.users.tests.helpers import Response, at_once, fields_of, problem_of
from conftest import Client

FOLDERS = "v1:files:folder-list"


def create(api: Client, name: str, parent: str | None = None) -> Response:
    return api.post(reverse(FOLDERS), {"name": name, "parent": parent})


def created(api: Client, name: str, parent: str | None = None) -> str:
    response = create(api, name, parent)
    assert response.status_code == 201, response.content
    key: str = response.json()["id"]
    return key


def change(api: Client, key: str, **values: Any) -> Response:
    return api.patch(reverse("v1:files:folder-detail", args=[key]), values)


def move(api: Client, file: dict[str, Any], **values: Any) -> Response:
    return api.post(reverse("v1:files:file-move", args=[file["id"]]), values)


def upload_to(api: Client, folder: str, name: str = "a.txt") -> Response:
    data = {"file": SimpleUploadedFile(name, b"Hello"), "folder": folder}
    return api.post(reverse(LIST), data, format="multipart")


def names(api: Client, route: str, **query: Any) -> list[str]:
    return [row["name"] for row in api.get(reverse(route), query).json()["results"]]


# Tree


def test_folders_form_a_tree(user_api: Client) -> None:
    letters = created(user_api, "Letters")
    created(user_api, "2026", letters)
    created(user_api, "Photos")

    assert names(user_api, FOLDERS) == ["2026", "Letters", "Photos"]
    assert names(user_api, FOLDERS, at_root="true") == ["Letters", "Photos"]
    assert names(user_api, FOLDERS, parent=letters) == ["2026"]
    assert names(user_api, FOLDERS, search="phot") == ["Photos"]


def test_name_is_unique_in_its_parent(user_api: Client, other_api: Client) -> None:
    root = created(user_api, "A")
    inner = created(user_api, "A", root)
    created(other_api, "A")

    assert fields_of(create(user_api, "A")) == {("name", "unique")}
    assert fields_of(create(user_api, "A", root)) == {("name", "unique")}
    assert fields_of(change(user_api, inner, parent=None)) == {("name", "unique")}
    assert change(user_api, inner, parent=None, name="B").status_code == 200


@pytest.mark.parametrize("parent", [True, False])
@pytest.mark.django_db
def test_database_rejects_duplicate_names(user: User, *, parent: bool) -> None:
    above = FolderFactory.create(owner=user) if parent else None
    FolderFactory.create(owner=user, parent=above, name="A")
    with pytest.raises(IntegrityError), transaction.atomic():
        FolderFactory.create(owner=user, parent=above, name="A")


@pytest.mark.parametrize("name", ["../a", "a/b", "CON", "a\u202eb", " "])
def test_invalid_name_is_rejected(user_api: Client, name: str) -> None:
    response = create(user_api, name)
    assert {field for field, _code in fields_of(response)} == {"name"}


def test_depth_is_limited(user_api: Client) -> None:
    key: str | None = None
    for number in range(folders.MAX_DEPTH):
        key = created(user_api, f"{number}", key)

    assert fields_of(create(user_api, "deeper", key)) == {("parent", "too_deep")}


def test_depth_is_limited_when_a_folder_with_content_is_moved(user_api: Client) -> None:
    top = created(user_api, "top")
    created(user_api, "below", created(user_api, "middle", top))
    key: str | None = None
    path = [key := created(user_api, f"{number}", key) for number in range(folders.MAX_DEPTH - 2)]

    assert fields_of(change(user_api, top, parent=path[-1])) == {("parent", "too_deep")}
    assert change(user_api, top, parent=path[-2]).status_code == 200


def test_number_of_folders_is_limited(user_api: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folders, "MAX_FOLDERS", 2)
    created(user_api, "A")
    created(user_api, "B")
    assert fields_of(create(user_api, "C")) == {("non_field_errors", "too_many")}


def test_folder_cannot_be_moved_into_itself(user_api: Client) -> None:
    top = created(user_api, "top")
    below = created(user_api, "below", created(user_api, "middle", top))

    for parent in (top, below):
        assert fields_of(change(user_api, top, parent=parent)) == {("parent", "cycle")}


@pytest.mark.django_db(transaction=True)
def test_concurrent_moves_create_no_cycle() -> None:
    owner = UserFactory.create()
    pairs = [(folders.folder_create(owner=owner, name=name)) for name in ("A", "B")]

    def move_into(folder: Folder, parent: Folder) -> bool:
        try:
            folders.folder_update(folder=folder, parent=parent.pk)
        except ValidationError:
            return False
        return True

    moves = [partial(move_into, *pairs), partial(move_into, *reversed(pairs))]
    assert sorted(at_once(moves)) == [False, True]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("factory", "change"),
    [
        (FolderFactory, lambda row: folders.folder_update(folder=row, name="B")),
        (StoredFileFactory, lambda row: folders.file_move(file=row, name="b.txt")),
    ],
)
def test_change_after_a_concurrent_deletion_is_not_found(
    factory: type[DjangoModelFactory[Any]], change: Callable[[Any], object]
) -> None:
    stale = factory.create()
    type(stale).objects.all().delete()
    with pytest.raises(NotFoundError):
        change(stale)


def test_deletion_includes_everything_below(user_api: Client) -> None:
    top = created(user_api, "top")
    below = created(user_api, "below", top)
    assert upload_to(user_api, below).status_code == 201
    UploadFactory.create(owner=User.objects.get(), folder_id=below)
    kept = stored(user_api)

    assert user_api.delete(reverse("v1:files:folder-detail", args=[top])).status_code == 204

    assert not Folder.objects.exists()
    assert str(StoredFile.objects.get().pk) == kept["id"]
    assert len(blobs()) == 1


# Files


def test_files_are_listed_by_folder(user_api: Client) -> None:
    folder = created(user_api, "A")
    assert upload_to(user_api, folder, "in.txt").json()["folder"] == folder
    stored(user_api, "out.txt")

    assert sorted(names(user_api, LIST)) == ["in.txt", "out.txt"]
    assert names(user_api, LIST, folder=folder) == ["in.txt"]
    assert names(user_api, LIST, at_root="true") == ["out.txt"]


def test_file_name_is_unique_in_a_folder(user_api: Client) -> None:
    folder = created(user_api, "A")
    upload_to(user_api, folder)

    assert fields_of(upload_to(user_api, folder)) == {("name", "unique")}
    assert len(blobs()) == 1
    file = stored(user_api, "a.txt")
    assert fields_of(move(user_api, file, folder=folder)) == {("name", "unique")}
    assert move(user_api, file, folder=folder, name="b.txt").json()["folder"] == folder
    assert move(user_api, file, folder=None, name="a.txt").json()["name"] == "a.txt"


@pytest.mark.parametrize(
    ("name", "code"),
    [("a.csv", "extension"), ("a.exe", "extension"), ("a", "extension"), ("../b.txt", "invalid_name")],
)
def test_renaming_keeps_the_content_type(user_api: Client, name: str, code: str) -> None:
    file = stored(user_api)

    assert fields_of(move(user_api, file, name=name)) == {("name", code)}
    assert move(user_api, file, name="b.TXT").json()["name"] == "b.TXT"


# Access


def test_folders_of_others_are_not_found(user_api: Client, other_api: Client) -> None:
    theirs = created(other_api, "theirs")
    own, file = created(user_api, "own"), stored(user_api)

    problem_of(user_api.get(reverse("v1:files:folder-detail", args=[theirs])), 404)
    problem_of(change(user_api, theirs, name="mine"), 404)
    problem_of(user_api.delete(reverse("v1:files:folder-detail", args=[theirs])), 404)
    assert fields_of(create(user_api, "A", theirs)) == {("parent", "does_not_exist")}
    assert fields_of(change(user_api, own, parent=theirs)) == {("parent", "does_not_exist")}
    assert fields_of(move(user_api, file, folder=theirs)) == {("folder", "does_not_exist")}
    assert fields_of(upload_to(user_api, theirs)) == {("folder", "does_not_exist")}
    upload = {"name": "a.txt", "size": 1, "folder": theirs}
    assert fields_of(user_api.post(reverse("v1:files:upload-list"), upload)) == {("folder", "does_not_exist")}
    problem_of(move(other_api, file, name="b.txt"), 404)


@pytest.mark.parametrize("count", [1, 20])
def test_folder_list_query_count_does_not_depend_on_length(
    user_api: Client, user: User, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    FolderFactory.create_batch(count, owner=user, parent=FolderFactory.create(owner=user))
    # Authentication and the page.
    with django_assert_num_queries(2):
        user_api.get(reverse(FOLDERS))


def test_account_deletion_deletes_folders(user_api: Client, user: User) -> None:
    StoredFileFactory.create(owner=user, folder=FolderFactory.create(owner=user))
    assert user_api.delete(reverse("v1:users:me")).status_code == 204
    assert not Folder.objects.exists()
