"""Daily report by mail."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import time_machine
from django.core.mail import EmailMessage
from django.core.management import call_command
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from apps.reports.models import DailyReport
from apps.reports.registry import Report
from apps.reports.services.daily import daily_report_mail, daily_report_send
from apps.reports.tests.factories import EventFactory
from apps.users.tests.factories import UserFactory
from apps.users.tests.helpers import at_once


@pytest.fixture(autouse=True)
def _now(settings: Settings) -> Iterator[None]:
    settings.REPORT_RECIPIENTS = ["ada@example.com", "grace@example.com"]
    # 2026-03-30 in Berlin.
    with time_machine.travel(datetime(2026, 3, 29, 22, 30, tzinfo=UTC), tick=False):
        yield


@pytest.mark.django_db
def test_report_on_yesterday_is_mailed_once(
    views: Report,
    mailoutbox: list[EmailMessage],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    capsys: pytest.CaptureFixture[str],
) -> None:
    EventFactory.create_batch(3, created_at=datetime(2026, 3, 29, 20, tzinfo=UTC), properties={"new": True})
    EventFactory.create(created_at=datetime(2026, 3, 29, 22, tzinfo=UTC))
    EventFactory.create(created_at=datetime(2026, 3, 21, 23, tzinfo=UTC))
    UserFactory.create(created_at=datetime(2026, 3, 29, 5, tzinfo=UTC), email_verified_at=None)
    for _run in range(2):
        with django_capture_on_commit_callbacks(execute=True):
            call_command("send_reports")
    assert [mail.to for mail in mailoutbox] == [["ada@example.com"], ["grace@example.com"]]
    assert "2026-03-29" in mailoutbox[0].subject
    body = str(mailoutbox[0].body)
    assert "Views, All: 3 (a week before: 1)" in body
    assert "Views, New: 3 (a week before: 0)" in body
    assert "Registrations, Registered: 1 (a week before: 0)" in body
    assert "Registrations, Verified since: 0 (a week before: 0)" in body
    assert capsys.readouterr().out == "2 mails queued.\n0 mails queued.\n"


@pytest.mark.django_db
def test_report_is_not_sent_without_recipients(settings: Settings, mailoutbox: list[EmailMessage]) -> None:
    settings.REPORT_RECIPIENTS = []
    assert daily_report_send() == 0
    assert not DailyReport.objects.exists()
    assert daily_report_mail(day="2026-03-29", position=0) is None


@pytest.mark.django_db
def test_report_is_sent_again_after_the_deletion_of_its_day() -> None:
    assert daily_report_send() == 2
    DailyReport.objects.all().delete()
    assert daily_report_send() == 2


@pytest.mark.django_db(transaction=True)
def test_concurrent_runs_mail_one_report(mailoutbox: list[EmailMessage]) -> None:
    assert sorted(at_once([daily_report_send] * 4)) == [0, 0, 0, 2]
    assert len(mailoutbox) == 2
