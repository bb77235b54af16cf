"""Rebuild of the index, concurrent updates, personal data, admin."""

from __future__ import annotations

from io import StringIO
from threading import Barrier, Thread
from typing import TYPE_CHECKING, Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.urls import reverse

from apps.search.models import SearchEntry, SearchTerm, SearchWord
from apps.search.services import entries
from apps.search.services.entries import entries_update
from apps.search.text import headline_html, highlighted
from apps.users.services.accounts import user_delete
from apps.users.tests.factories import SuperuserFactory, UserFactory
from apps.users.tests.helpers import browser_of
from tests.sampleapp.models import Article, Measurement, Note

if TYPE_CHECKING:
    from collections.abc import Callable

    from apps.users.models import User

pytestmark = pytest.mark.django_db

KIND = "sampleapp.measurement"


def rebuild(*arguments: str) -> tuple[str, list[str]]:
    output, errors = StringIO(), StringIO()
    call_command("rebuild_search_index", *arguments, stdout=output, stderr=errors)
    return output.getvalue(), errors.getvalue().splitlines()


@pytest.fixture
def rows(monkeypatch: pytest.MonkeyPatch) -> list[Measurement]:
    """Return three rows that are not indexed, by primary key; a batch has two."""
    monkeypatch.setattr(entries, "BATCH", 2)
    made = [Measurement(label=f"row {number}") for number in range(3)]
    return sorted(Measurement.objects.bulk_create(made), key=lambda row: row.pk)


def test_rebuild_writes_all_rows_in_batches(rows: list[Measurement]) -> None:
    output, progress = rebuild()
    assert f"{KIND}: 3 entries written." in output
    assert progress == [
        f"--type {KIND} --after {rows[1].pk}: 2 rows",
        f"--type {KIND} --after {rows[2].pk}: 3 rows",
    ]
    assert {*SearchEntry.objects.values_list("object_id", flat=True)} == {str(row.pk) for row in rows}


def test_rebuild_continues_after_a_row(rows: list[Measurement]) -> None:
    rebuild("--type", KIND, "--after", str(rows[1].pk))
    assert SearchEntry.objects.get().object_id == str(rows[2].pk)


def test_rebuild_deletes_entries_and_words_of_missing_rows(rows: list[Measurement]) -> None:
    rebuild()
    Measurement.objects.filter(pk=rows[0].pk)._raw_delete(connection.alias)  # noqa: SLF001 - sends no signal
    SearchWord.objects.create(word="obsolete")
    rebuild()
    assert {*SearchEntry.objects.values_list("object_id", flat=True)} == {str(row.pk) for row in rows[1:]}
    assert [word.word for word in SearchWord.objects.all()] == ["row"]


def test_rebuild_deletes_entries_of_models_that_are_not_registered(rows: list[Measurement]) -> None:
    SearchEntry.objects.create(kind="removed.note", object_id="1", title="Private", text="secret")
    rebuild("--type", KIND)
    assert SearchEntry.objects.filter(kind="removed.note").exists()
    rebuild()
    assert SearchEntry.objects.count() == len(rows)


@pytest.mark.parametrize("arguments", [("--type", "users.user"), ("--after", "1")])
def test_rebuild_rejects_wrong_arguments(arguments: tuple[str, str]) -> None:
    with pytest.raises(CommandError):
        rebuild(*arguments)


@pytest.mark.django_db(transaction=True)
def test_concurrent_updates_leave_one_current_entry() -> None:
    article = Article.objects.create(title="first")
    errors: list[Exception] = []
    barrier = Barrier(3)

    def change(number: int) -> None:
        try:
            barrier.wait()
            row = Article.objects.get(pk=article.pk)
            row.title = f"title {number}"
            row.save()
        except Exception as error:  # noqa: BLE001 - reported by the test
            errors.append(error)
        finally:
            connection.close()

    threads = [Thread(target=change, args=[number]) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    article.refresh_from_db()
    assert SearchEntry.objects.get().title == article.title


def test_private_entries_are_deleted_with_the_account(user: User, commit: Callable[..., Any]) -> None:
    for owner in (user, UserFactory.create()):
        commit(Note.objects.create, text="secret", owner=owner)
    commit(user_delete, user=user)
    assert not SearchEntry.objects.filter(owner=user).exists()
    assert SearchEntry.objects.count() == 1


def test_update_of_unknown_rows_writes_nothing() -> None:
    assert entries_update(kind="sampleapp.article", keys=["999"]) == 0


def test_headline_without_full_text_search_is_cut_and_escaped() -> None:
    text = "x" * 500 + " <b>Kettle</b> " + "y" * 500
    assert headline_html(highlighted(text, ["kettle"])).count("&lt;b&gt;<mark>Kettle</mark>&lt;/b&gt;") == 1
    assert highlighted("abc", []) == "abc"


@pytest.mark.parametrize("name", ["searchentry", "searchterm", "searchword"])
def test_admin_lists_the_rows_read_only(commit: Callable[..., Any], name: str) -> None:
    commit(Measurement.objects.create, label="kettle")
    SearchTerm.objects.create(term="kettle")
    keys = {}
    for model in (SearchEntry, SearchTerm, SearchWord):
        keys[model._meta.model_name or ""] = str(model.objects.get().pk)  # noqa: SLF001 - documented
    browser = browser_of(SuperuserFactory.create())
    page = browser.get(reverse(f"admin:search_{name}_changelist"), {"q": "kettle"})
    assert "kettle" in page.content.decode()
    assert browser.get(reverse(f"admin:search_{name}_change", args=[keys[name]])).status_code == 200
    assert browser.get(reverse(f"admin:search_{name}_add")).status_code == 403
