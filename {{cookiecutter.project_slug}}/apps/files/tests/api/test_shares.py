"""Sharing with persons and by links, and the download log."""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from apps.files.exceptions import BlobNotFound, LinkNotValid
from apps.files.models import Download, Share, StoredFile
from apps.files.services import shares
from apps.files.services.files import file_delete
from apps.files.services.folders import folder_delete
from apps.files.services.shares import MAX_SHARES, share_create, share_download
from apps.files.tests.factories import DownloadFactory, FolderFactory, ShareFactory, StoredFileFactory
from apps.files.tests.helpers import stored
from apps.users.models import User
from apps.users.services.accounts import user_deactivate, user_delete
from apps.users.tests.factories import UserFactory
from apps.users.tests.helpers import Response, at_once, fields_of, problem_of
from conftest import Client

SHARES = "v1:files:share-list"
SHARED = "v1:files:file-shared"


@pytest.fixture
def other(other_api: Client, user: User) -> User:
    """Return the account of `other_api`."""
    found: User = User.objects.exclude(pk=user.pk).get()
    return found


def share(api: Client, file: dict[str, Any], **values: Any) -> Response:
    return api.post(reverse(SHARES), {"file": file["id"]} | values)


def shared(api: Client, file: dict[str, Any], **values: Any) -> dict[str, Any]:
    response = share(api, file, **values)
    assert response.status_code == 201, response.content
    body: dict[str, Any] = response.json()
    return body


def revoke(api: Client, created: dict[str, Any]) -> Response:
    return api.delete(reverse("v1:files:share-detail", args=[created["id"]]))


def link(api: Client, file: dict[str, Any]) -> Response:
    return api.post(reverse("v1:files:file-link", args=[file["id"]]))


def log(api: Client, file: dict[str, Any]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = api.get(reverse("v1:files:file-downloads", args=[file["id"]])).json()[
        "results"
    ]
    return rows


def can_read(api: Client, file: dict[str, Any]) -> bool:
    """Return whether a client may read a file; every way of reading must give the same result."""
    detail = api.get(reverse("v1:files:file-detail", args=[file["id"]])).status_code
    listed = file["id"] in [row["id"] for row in api.get(reverse(SHARED)).json()["results"]]
    assert {detail, link(api, file).status_code} == ({200} if listed else {404})
    return listed


# With a person


def test_file_is_shared_with_a_person(user_api: Client, other_api: Client, other: User, api: Client) -> None:
    file, private = stored(user_api), stored(user_api, "private.txt")
    assert not can_read(other_api, file)

    created = shared(user_api, file, email=other.email.upper())

    assert (created["email"], created["url"]) == (other.email, None)
    assert can_read(other_api, file)
    assert not can_read(other_api, private)
    assert b"".join(api.get(link(other_api, file).json()["url"]).streaming_content) == b"Hello"  # type: ignore[attr-defined]
    assert revoke(user_api, created).status_code == 204
    assert not can_read(other_api, file)


def test_shared_file_is_read_only(user_api: Client, other_api: Client, other: User) -> None:
    file = stored(user_api)
    shared(user_api, file, email=other.email)

    for route, method in (("detail", "delete"), ("move", "post"), ("downloads", "get")):
        problem_of(getattr(other_api, method)(reverse(f"v1:files:file-{route}", args=[file["id"]])), 404)
    assert fields_of(share(other_api, file, email="eve@example.com")) == {("file", "does_not_exist")}
    # The list has own files only.
    assert other_api.get(reverse("v1:files:file-list")).json()["results"] == []


def test_sharing_does_not_reveal_accounts(user_api: Client, other: User) -> None:
    file = stored(user_api)
    bodies, counts = [], []
    for email in (other.email, "nowhere@example.com"):
        with CaptureQueriesContext(connection) as queries:
            bodies.append(shared(user_api, file, email=email))
        counts.append(len(queries))

    own = {"id", "email", "created_at", "expires_at"}
    assert bodies[0].keys() == bodies[1].keys()
    assert all(bodies[0][name] == bodies[1][name] for name in bodies[0].keys() - own)
    assert counts[0] == counts[1]


def test_access_begins_with_the_account(user_api: Client) -> None:
    file = stored(user_api)
    shared(user_api, file, email="new@example.com")
    client = Client()
    client.login_by_token(UserFactory.create(email="new@example.com"))

    assert can_read(client, file)


def test_unverified_email_gives_no_access(user_api: Client, other_api: Client, other: User) -> None:
    file = stored(user_api)
    shared(user_api, file, email=other.email)
    User.objects.filter(pk=other.pk).update(email_verified_at=None)

    assert not can_read(other_api, file)


def test_share_with_a_person_expires(user_api: Client, other_api: Client, other: User) -> None:
    file = stored(user_api)
    shared(user_api, file, email=other.email)
    Share.objects.update(expires_at=timezone.now())

    assert not can_read(other_api, file)


def test_person_has_one_share_of_a_file(user_api: Client, other: User) -> None:
    file = stored(user_api)
    created = shared(user_api, file, email=other.email)

    assert fields_of(share(user_api, file, email=other.email)) == {("email", "unique")}
    revoke(user_api, created)
    shared(user_api, file, email=other.email)


def test_file_is_shared_again_after_the_time_of_a_share(user_api: Client, other: User) -> None:
    file = stored(user_api)
    shared(user_api, file, email=other.email)
    Share.objects.update(expires_at=timezone.now())

    again = shared(user_api, file, email=other.email)
    assert [row["id"] for row in user_api.get(reverse(SHARES)).json()["results"]] == [again["id"]]


def test_deactivated_owner_shares_nothing(
    user_api: Client, user: User, other_api: Client, other: User, api: Client
) -> None:
    file = stored(user_api)
    shared(user_api, file, email=other.email)
    created = shared(user_api, file)
    user_deactivate(user=user)

    assert not can_read(other_api, file)
    problem_of(api.get(created["url"]), 403)


# By link


def test_link_downloads_the_file(user_api: Client, api: Client) -> None:
    created = shared(user_api, stored(user_api, "Zürich.txt"))
    response = api.get(created["url"])

    assert response.status_code == 200
    assert b"".join(response.streaming_content) == b"Hello"  # type: ignore[attr-defined]
    assert response["Content-Disposition"] == "attachment; filename*=utf-8''Z%C3%BCrich.txt"
    assert "sandbox" in response["Content-Security-Policy"]
    assert "no-store" in response["Cache-Control"]


def test_token_is_stored_as_a_hash(user_api: Client) -> None:
    created = shared(user_api, stored(user_api))
    token = created["url"].partition("token=")[2]

    row = Share.objects.get()
    assert len(token) == 43
    assert token not in {str(value) for value in vars(row).values()}
    (listed,) = user_api.get(reverse(SHARES)).json()["results"]
    assert "url" not in listed


@pytest.mark.parametrize("change", ["revoked", "expired", "used up", "forged", "missing", "file deleted"])
def test_link_that_is_not_valid_is_rejected(user_api: Client, api: Client, change: str) -> None:
    file = stored(user_api)
    created = shared(user_api, file, max_downloads=1)
    url = created["url"]
    if change == "revoked":
        revoke(user_api, created)
    elif change == "expired":
        Share.objects.update(expires_at=timezone.now())
    elif change == "used up":
        assert api.get(url).status_code == 200
    elif change == "file deleted":
        user_api.delete(reverse("v1:files:file-detail", args=[file["id"]]))
    else:
        url = url[:-1] if change == "forged" else url.partition("?")[0]

    assert problem_of(api.get(url), 403)["type"] == "urn:problem:link_not_valid"
    assert api.head(url).status_code == 403
    assert Download.objects.count() == (change == "used up")


def test_head_is_not_counted(user_api: Client, api: Client) -> None:
    created = shared(user_api, stored(user_api), max_downloads=1)
    assert api.head(created["url"]).status_code == 200
    assert api.get(created["url"]).status_code == 200


def test_download_is_not_counted_when_the_blob_is_missing(user_api: Client, api: Client) -> None:
    created = shared(user_api, stored(user_api), max_downloads=1)
    default_storage.delete(StoredFile.objects.get().storage_name)

    problem_of(api.get(created["url"]), 404)
    assert Share.objects.get().downloads == 0


@pytest.mark.django_db(transaction=True)
def test_download_limit_is_exact_for_concurrent_requests() -> None:
    file = StoredFileFactory.create()
    default_storage.save(file.storage_name, ContentFile(b"Hello"))
    _, token = share_create(owner=file.owner, file=file.pk, max_downloads=3)

    def download() -> bool:
        try:
            share_download(token=str(token))[1].close()
        except LinkNotValid:
            return False
        return True

    assert sum(at_once([partial(download)] * 8)) == 3
    assert Share.objects.get().downloads == Download.objects.count() == 3


@pytest.mark.parametrize("folder", [True, False])
@pytest.mark.django_db(transaction=True)
def test_file_can_be_deleted_during_downloads(*, folder: bool) -> None:
    for _ in range(10):
        file = StoredFileFactory.create()
        file.folder = FolderFactory.create(owner=file.owner)
        file.save()
        default_storage.save(file.storage_name, ContentFile(b"Hello"))
        _, token = share_create(owner=file.owner, file=file.pk)

        def download(token: str = str(token)) -> None:
            with suppress(LinkNotValid, BlobNotFound):
                share_download(token=token)[1].close()

        delete = partial(folder_delete, folder=file.folder) if folder else partial(file_delete, file=file)
        at_once([download, download, delete])
        assert not StoredFile.objects.exists()


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({"expires_at": "2020-01-01T00:00:00Z"}, ("expires_at", "out_of_range")),
        ({"expires_at": "9999-01-01T00:00:00Z"}, ("expires_at", "out_of_range")),
        ({"max_downloads": 0}, ("max_downloads", "min_value")),
        ({"max_downloads": 5, "email": "a@example.com"}, ("max_downloads", "not_a_link")),
        ({"email": "nonsense"}, ("email", "invalid")),
        ({"file": "0f8fad5b-d9cb-469f-a165-70867728950e"}, ("file", "does_not_exist")),
    ],
)
def test_share_rejects_invalid_values(
    user_api: Client, values: dict[str, Any], error: tuple[str, str]
) -> None:
    data = {"file": stored(user_api)["id"]} | values
    assert fields_of(user_api.post(reverse(SHARES), data)) == {error}
    assert not Share.objects.exists()


@pytest.mark.django_db
def test_database_rejects_downloads_above_the_limit() -> None:
    row = ShareFactory.create(email="", token_hash="0" * 64, max_downloads=1, downloads=1)
    with pytest.raises(IntegrityError), transaction.atomic():
        Share.objects.filter(pk=row.pk).update(downloads=2)


def test_number_of_shares_is_limited(user_api: Client, user: User) -> None:
    file = stored(user_api)
    ShareFactory.create_batch(MAX_SHARES, file=StoredFile.objects.get())
    assert fields_of(share(user_api, file)) == {("non_field_errors", "too_many")}


def test_shares_of_others_are_not_found(user_api: Client, other_api: Client) -> None:
    file = stored(user_api)
    created = shared(user_api, file)

    problem_of(revoke(other_api, created), 404)
    assert other_api.get(reverse(SHARES)).json()["results"] == []
    assert len(user_api.get(reverse(SHARES), {"file": file["id"]}).json()["results"]) == 1


@pytest.mark.parametrize(("route", "count"), [(SHARES, 1), (SHARES, 20), (SHARED, 1), (SHARED, 20)])
def test_list_query_count_does_not_depend_on_length(
    user_api: Client, user: User, route: str, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(count):
        ShareFactory.create(file__owner=user)
        ShareFactory.create(email=user.email)
    # Authentication and the page.
    with django_assert_num_queries(2):
        assert len(user_api.get(reverse(route)).json()["results"]) == count


# Download log


def test_owner_sees_downloads(user_api: Client, other_api: Client, other: User, api: Client) -> None:
    file = stored(user_api)
    person, by_link = shared(user_api, file, email=other.email), shared(user_api, file)
    link(user_api, file)
    assert log(user_api, file) == []

    link(other_api, file)
    api.get(by_link["url"])

    rows = log(user_api, file)
    assert [(row["share"], row["email"]) for row in rows] == [
        (by_link["id"], ""),
        (person["id"], other.email),
    ]
    counts = {row["id"]: row["downloads"] for row in user_api.get(reverse(SHARES)).json()["results"]}
    assert counts == {person["id"]: 1, by_link["id"]: 1}


def test_log_contains_no_ip_address() -> None:
    assert {field.name for field in Download._meta.get_fields()} == {"id", "file", "share", "created_at"}  # noqa: SLF001


@pytest.mark.parametrize("count", [1, 20])
def test_log_query_count_does_not_depend_on_length(
    user_api: Client, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    file = stored(user_api)
    for _ in range(count):
        DownloadFactory.create(share=ShareFactory.create(file=StoredFile.objects.get()))
    # Authentication, the file and the page.
    with django_assert_num_queries(3):
        assert len(log(user_api, file)) == count


@pytest.mark.parametrize("ordering", ["name", "-size", "created_at"])
def test_log_ignores_orderings_of_files(user_api: Client, ordering: str) -> None:
    file = stored(user_api)
    url = reverse("v1:files:file-downloads", args=[file["id"]])
    assert user_api.get(url, {"ordering": ordering}).status_code == 200


def test_log_is_deleted_after_the_retention(user_api: Client, settings: Settings) -> None:
    settings.FILE_LOG_DAYS = 30
    long_ago = timezone.now() - timedelta(days=31)
    DownloadFactory.create(created_at=long_ago)
    recent = DownloadFactory.create(share__revoked_at=timezone.now())
    Share.objects.filter(revoked_at=None).update(expires_at=long_ago)

    call_command("purge_files", "--dry-run")
    assert Download.objects.count() == 2
    call_command("purge_files")

    assert Download.objects.get() == recent
    assert Share.objects.get() == recent.share


# Accounts


def test_account_deletion_ends_shares_with_the_person(
    user_api: Client, other_api: Client, other: User
) -> None:
    file = stored(user_api)
    shared(user_api, file, email=other.email)
    link(other_api, file)

    assert other_api.delete(reverse("v1:users:me")).status_code == 204

    assert not Share.objects.exists()
    assert [row["email"] for row in log(user_api, file)] == [""]


@pytest.mark.parametrize("delete", [User.delete, lambda user: user_delete(user=user)])
@pytest.mark.parametrize(("verified", "left"), [(True, 0), (False, 1)])
def test_deletion_ends_shares_with_a_verified_person(
    user_api: Client, delete: Callable[[User], object], *, verified: bool, left: int
) -> None:
    person = UserFactory.create(email_verified_at=timezone.now() if verified else None)
    shared(user_api, stored(user_api), email=person.email)

    delete(person)

    assert Share.objects.count() == left


def test_account_deletion_deletes_own_shares(user_api: Client) -> None:
    shared(user_api, stored(user_api))
    assert user_api.delete(reverse("v1:users:me")).status_code == 204
    assert not Share.objects.exists()


def test_data_export_lists_shares(user_api: Client) -> None:
    created = shared(user_api, stored(user_api), email="grace@example.com")
    (row,) = user_api.get(reverse("v1:users:export")).json()["files.Share"]
    assert (row["id"], row["email"]) == (created["id"], "grace@example.com")


def test_time_of_a_share_is_a_week_by_default(user_api: Client) -> None:
    shared(user_api, stored(user_api))
    left = Share.objects.get().expires_at - timezone.now()
    assert timedelta(days=6) < left <= shares.DEFAULT_TIME
