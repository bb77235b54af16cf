"""Admin of files: search and deletion, no access to the content."""

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks

from apps.files.models import StoredFile
from apps.files.tests.factories import StoredFileFactory
from apps.files.tests.helpers import blobs, stored
from apps.users.tests.factories import SuperuserFactory
from apps.users.tests.helpers import browser_of
from conftest import Client

CHANGELIST = "admin:files_storedfile_changelist"


@pytest.fixture
def root(db: None) -> Browser:
    return browser_of(SuperuserFactory.create())


def test_search_matches_name_owner_and_checksum(root: Browser) -> None:
    file = StoredFileFactory.create(name="report.pdf", checksum="a1" * 32)
    StoredFileFactory.create()

    for words in ("report", file.owner.email, "a1" * 32):
        assert root.get(reverse(CHANGELIST), {"q": words}).context["cl"].result_count == 1


def test_changelist_query_count_does_not_depend_on_length(
    root: Browser, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    StoredFileFactory.create_batch(2)
    with CaptureQueriesContext(connection) as short:
        root.get(reverse(CHANGELIST))
    StoredFileFactory.create_batch(20)

    with django_assert_num_queries(len(short)):
        root.get(reverse(CHANGELIST))


def test_change_page_is_read_only_and_links_no_content(root: Browser) -> None:
    file = StoredFileFactory.create(name='<img src="x" onerror="alert(1)">.txt')
    url = reverse("admin:files_storedfile_change", args=[file.pk])

    page = root.get(url).content.decode()

    assert file.storage_name in page
    assert '<img src="x"' not in page
    assert f'href="{file.storage_name}' not in page
    assert root.post(url, {"name": "b.txt"}).status_code == 403


def test_admin_deletion_removes_blobs(
    root: Browser, user_api: Client, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    keys = [stored(user_api)["id"] for _ in range(3)]

    with django_capture_on_commit_callbacks(execute=True):
        root.post(reverse("admin:files_storedfile_delete", args=[keys[0]]), {"post": "yes"})
        action = {"action": "delete_selected", "_selected_action": keys[1:], "post": "yes"}
        root.post(reverse(CHANGELIST), action)

    assert not StoredFile.objects.exists()
    assert not blobs()


def test_admin_log_contains_no_name_of_a_deleted_file(root: Browser) -> None:
    file = StoredFileFactory.create(name="my diagnosis.pdf")
    root.post(reverse("admin:files_storedfile_delete", args=[file.pk]), {"post": "yes"})
    assert LogEntry.objects.get(object_id=str(file.pk)).object_repr == str(file.pk)
