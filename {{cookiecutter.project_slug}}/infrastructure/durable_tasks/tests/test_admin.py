from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.core.mail import EmailMessage
from django.core.mail.backends.locmem import EmailBackend
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext

from apps.users.tests.factories import StaffFactory, SuperuserFactory
from conftest import Client
from infrastructure.durable_tasks.models import DeadLetter, Schedule
from infrastructure.durable_tasks.tests.factories import DeadLetterFactory
from infrastructure.tasks.tests.conftest import Messages

pytestmark = pytest.mark.django_db

LIST = "admin:durable_tasks_deadletter_changelist"


@pytest.fixture
def browser() -> Client:
    client = Client()
    client.force_login(SuperuserFactory.create())
    return client


def replay(browser: Client, *letters: DeadLetter) -> HttpResponse:
    body = {"action": "replay", "_selected_action": [str(letter.pk) for letter in letters]}
    return browser.post(reverse(LIST), body, format="multipart", follow=True)


def test_dead_letter_admin_shows_error_but_not_arguments(browser: Client) -> None:
    letter = DeadLetterFactory.create()
    listed = browser.get(reverse(LIST), {"q": letter.task_id, "reason__exact": "failed"})
    shown = browser.get(reverse("admin:durable_tasks_deadletter_change", args=[letter.pk]))
    assert letter.error in listed.content.decode()
    assert "tests.verify" not in listed.content.decode() + shown.content.decode()


def test_replay_runs_task_once_when_repeated(browser: Client, mailoutbox: list[EmailMessage]) -> None:
    letters = DeadLetterFactory.create_batch(2)
    for _ in range(2):
        replay(browser, *letters)
    assert [mail.to for mail in mailoutbox] == [["ann@example.com"]] * 2
    assert not DeadLetter.objects.filter(replayed_at=None).exists()


def test_replay_uses_original_queue_and_new_task_id(browser: Client, messages: Messages) -> None:
    letter = DeadLetterFactory.create(queue="bulk")
    replay(browser, letter)
    (message,) = messages("bulk")
    assert message.headers["id"] != letter.task_id


def test_replay_creates_dead_letter_when_task_fails_again(
    browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_args: object) -> None:
        raise OSError

    monkeypatch.setattr(EmailBackend, "send_messages", refuse)
    replay(browser, DeadLetterFactory.create())
    assert DeadLetter.objects.count() == 2
    assert DeadLetter.objects.get(replayed_at=None).error == "OSError: "


def test_replay_changes_nothing_when_broker_is_unavailable(browser: Client, broker_unavailable: None) -> None:
    letter = DeadLetterFactory.create()
    page = replay(browser, letter)
    assert "The broker is unavailable" in page.content.decode()
    letter.refresh_from_db()
    assert letter.replayed_at is None


def test_replay_skips_and_reports_unknown_task(browser: Client, mailoutbox: list[EmailMessage]) -> None:
    broken = DeadLetterFactory.create(task="apps.gone.tasks.gone")
    good = DeadLetterFactory.create()
    page = replay(browser, broken, good).content.decode()
    assert "Tasks replayed: 1." in page
    assert "Unreadable or unknown tasks: 1." in page
    assert len(mailoutbox) == 1


def test_replay_requires_permission(mailoutbox: list[EmailMessage]) -> None:
    staff = StaffFactory.create()
    staff.user_permissions.add(Permission.objects.get(codename="view_deadletter"))
    browser = Client()
    browser.force_login(staff)
    letter = DeadLetterFactory.create()
    replay(browser, letter)
    assert mailoutbox == []
    staff.user_permissions.add(Permission.objects.get(codename="replay_deadletter"))
    replay(browser, letter)
    assert len(mailoutbox) == 1


def test_schedule_admin_changes_only_is_enabled(browser: Client) -> None:
    schedule = Schedule.objects.create(name="daily", task="a.task", expression="0 0 * * *")
    page = browser.post(
        reverse("admin:durable_tasks_schedule_change", args=[schedule.pk]),
        {"name": "other", "task": "other"},
        format="multipart",
    )
    assert page.status_code == 302
    schedule.refresh_from_db()
    assert (schedule.name, schedule.task, schedule.is_enabled) == ("daily", "a.task", False)


def test_schedule_admin_shows_hint_when_list_is_empty(browser: Client) -> None:
    hint = gettext("The schedules appear here after beat has started for the first time.")
    url = reverse("admin:durable_tasks_schedule_changelist")
    assert hint in browser.get(url).content.decode()
    Schedule.objects.create(name="daily", task="a.task", expression="0 0 * * *")
    assert hint not in browser.get(url).content.decode()


def test_schedule_list_changes_only_the_switch(browser: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    schedule = Schedule.objects.create(name="nightly", task="tests.nightly", expression="daily")
    url = reverse("admin:durable_tasks_schedule_changelist")
    save = Schedule.save

    def save_after_a_run(row: Schedule, **options: Any) -> None:
        Schedule.objects.filter(pk=row.pk).update(runs=5)
        save(row, **options)

    monkeypatch.setattr(Schedule, "save", save_after_a_run)
    management = {"form-TOTAL_FORMS": "1", "form-INITIAL_FORMS": "1", "form-0-id": str(schedule.pk)}
    browser.post(url, {**management, "_save": "Save"}, format="multipart")
    schedule.refresh_from_db()
    assert (schedule.is_enabled, schedule.runs) == (False, 5)
