"""List, retrieve and delete files."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.files.storage import InMemoryStorage
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from apps.files.models import StoredFile
from apps.files.tests.factories import StoredFileFactory
from apps.files.tests.helpers import LIST, blobs, stored, upload
from apps.users.models import User
from apps.users.tests.helpers import assert_unauthorized, fields_of, problem_of
from conftest import Client


def detail(key: Any) -> str:
    return reverse("v1:files:file-detail", args=[key])


def found(api: Client, **query: str) -> list[str]:
    response = api.get(reverse(LIST), query)
    assert response.status_code == 200, response.content
    return [row["name"] for row in response.json()["results"]]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("method", "route"), [("get", "list"), ("get", "detail"), ("delete", "detail"), ("post", "link")]
)
def test_file_endpoints_require_authentication(api: Client, method: str, route: str) -> None:
    arguments = [] if route == "list" else [StoredFileFactory.create().pk]

    response = getattr(api, method)(reverse(f"v1:files:file-{route}", args=arguments))

    assert_unauthorized(response, "not_authenticated")
    assert StoredFile.objects.count() == len(arguments)


def test_file_endpoints_show_own_files_only(user_api: Client, other_api: Client) -> None:
    file = stored(user_api, "mine.txt")

    assert found(user_api) == ["mine.txt"]
    assert user_api.get(detail(file["id"])).json() == file
    assert found(other_api) == []
    for method in ("get", "delete"):
        problem_of(getattr(other_api, method)(detail(file["id"])), 404)
    assert len(blobs()) == 1


@pytest.mark.parametrize("method", ["put", "patch"])
def test_file_update_is_not_allowed(user_api: Client, method: str) -> None:
    problem_of(getattr(user_api, method)(detail(stored(user_api)["id"]), {"name": "b.txt"}), 405)


@pytest.mark.parametrize("key", ["00000000-0000-0000-0000-000000000000", "nonsense"])
def test_unknown_file_returns_404(user_api: Client, key: str) -> None:
    problem_of(user_api.get(detail(key)), 404)


def test_list_supports_filters_search_and_ordering(user_api: Client, user: User) -> None:
    day = datetime(2020, 1, 1, tzinfo=UTC)
    rows = [("b.txt", 1, "text/plain"), ("a.pdf", 3, "application/pdf"), ("c.txt", 2, "text/plain")]
    for number, (name, size, content_type) in enumerate(rows):
        moment = day + timedelta(days=number)
        StoredFileFactory.create(
            owner=user, name=name, size=size, content_type=content_type, created_at=moment
        )

    assert found(user_api) == ["c.txt", "a.pdf", "b.txt"]
    assert found(user_api, ordering="name") == ["a.pdf", "b.txt", "c.txt"]
    assert found(user_api, ordering="-size") == ["a.pdf", "c.txt", "b.txt"]
    assert found(user_api, ordering="storage_name") == found(user_api)
    assert found(user_api, content_type="text/plain") == ["c.txt", "b.txt"]
    assert found(user_api, search="A.P") == ["a.pdf"]
    assert found(user_api, created_after="2020-01-02T00:00:00Z", created_before="2020-01-03T00:00:00Z") == [
        "a.pdf"
    ]
    assert fields_of(user_api.get(reverse(LIST), {"created_after": "x"})) == {("created_after", "invalid")}


def test_pagination_returns_each_file_once(user_api: Client, user: User) -> None:
    StoredFileFactory.create_batch(5, owner=user, created_at=timezone.now(), name="same.txt")
    query: dict[str, str | float] = {"page_size": 3, "ordering": "name"}
    first = user_api.get(reverse(LIST), query).json()
    second = user_api.get(first["next"]).json()

    assert len({row["id"] for row in first["results"] + second["results"]}) == 5
    assert second["next"] is None


@pytest.mark.parametrize("count", [1, 20])
def test_list_query_count_does_not_depend_on_length(
    user_api: Client, user: User, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    StoredFileFactory.create_batch(count, owner=user)

    # Authentication and the page.
    with django_assert_num_queries(2):
        user_api.get(reverse(LIST))


# Deletion


def test_delete_removes_blob(user_api: Client) -> None:
    file, kept = stored(user_api), stored(user_api)

    assert user_api.delete(detail(file["id"])).status_code == 204
    problem_of(user_api.delete(detail(file["id"])), 404)
    assert [str(row.pk) for row in StoredFile.objects.all()] == [kept["id"]]
    assert blobs() == [StoredFile.objects.get().storage_name]


def test_delete_succeeds_when_storage_fails(user_api: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    file = stored(user_api)

    def fail(*_args: Any) -> None:
        raise OSError("The storage is unavailable.")

    monkeypatch.setattr(InMemoryStorage, "delete", fail)
    assert user_api.delete(detail(file["id"])).status_code == 204
    assert not StoredFile.objects.exists()
    # Removed later by `purge_files`.
    assert len(blobs()) == 1


def test_account_deletion_deletes_files(user_api: Client, other_api: Client, user: User) -> None:
    stored(user_api)
    stored(user_api)
    kept = stored(other_api, "kept.txt")

    assert user_api.delete(reverse("v1:users:me")).status_code == 204
    assert [str(row.pk) for row in StoredFile.objects.all()] == [kept["id"]]
    assert len(blobs()) == 1


def test_user_row_deletion_removes_blobs(
    user_api: Client, user: User, django_capture_on_commit_callbacks: Any
) -> None:
    stored(user_api)

    with django_capture_on_commit_callbacks(execute=True):
        user.delete()
    assert not blobs()


def test_upload_is_rejected_when_account_is_deleted_during_write(
    user_api: Client, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = InMemoryStorage._save  # type: ignore[attr-defined] # noqa: SLF001 - the write hook

    def write_slowly(storage: InMemoryStorage, name: str, content: Any) -> str:
        User.objects.filter(pk=user.pk).update(is_active=False)
        return str(write(storage, name, content))

    monkeypatch.setattr(InMemoryStorage, "_save", write_slowly)
    assert_unauthorized(upload(user_api, "a.txt", b"Hello"), "token_not_valid")
    assert not StoredFile.objects.exists()
    assert not blobs()


def test_data_export_lists_files(user_api: Client) -> None:
    file = stored(user_api)

    (row,) = user_api.get(reverse("v1:users:export")).json()["files.StoredFile"]

    assert (row["id"], row["name"], row["checksum"]) == (file["id"], "a.txt", file["checksum"])
