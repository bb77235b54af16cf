from datetime import timedelta
from io import StringIO

import pytest
from django.core.mail import EmailMessage
from django.core.management import call_command
from django.utils import timezone

from infrastructure.tasks.models import DeadLetter, Receipt
from infrastructure.tasks.services.receipts import once
from infrastructure.tasks.tests.factories import DeadLetterFactory

pytestmark = pytest.mark.django_db


def said(command: str, **options: bool) -> str:
    output = StringIO()
    call_command(command, stdout=output, **options)
    return output.getvalue().strip()


def test_work_with_a_key_is_done_once() -> None:
    answers = []
    for _ in range(3):
        with once("invoice-7") as first:
            answers.append(first)
    assert answers == [True, False, False]


def test_work_that_failed_is_to_be_done_again() -> None:
    with pytest.raises(RuntimeError), once("invoice-7"):
        raise RuntimeError
    with once("invoice-7") as first:
        assert first


def test_what_was_kept_long_enough_is_removed() -> None:
    old = timezone.now() - timedelta(days=31)
    DeadLetterFactory.create(created_at=old)
    Receipt.objects.create(key="old", created_at=old)
    kept = DeadLetterFactory.create(), Receipt.objects.create(key="new")
    assert said("purge_tasks", dry_run=True) == "1 dead letters and 1 receipts to remove."
    assert said("purge_tasks") == "1 dead letters and 1 receipts removed."
    assert (DeadLetter.objects.get(), Receipt.objects.get()) == kept


def test_unknown_task_stays_and_keeps_nothing_else_waiting(mailoutbox: list[EmailMessage]) -> None:
    DeadLetterFactory.create(reason=DeadLetter.Reason.UNPUBLISHED, task="apps.gone.tasks.gone")
    DeadLetterFactory.create(reason=DeadLetter.Reason.UNPUBLISHED)
    assert said("replay_unpublished") == "1 tasks queued."
    assert len(mailoutbox) == 1
    assert DeadLetter.objects.filter(replayed_at=None).count() == 1


def test_what_could_not_be_queued_is_queued_when_the_broker_is_back(mailoutbox: list[EmailMessage]) -> None:
    DeadLetterFactory.create_batch(2, reason=DeadLetter.Reason.UNPUBLISHED)
    DeadLetterFactory.create()
    assert said("replay_unpublished", dry_run=True) == "2 tasks to queue."
    assert said("replay_unpublished") == "2 tasks queued."
    assert said("replay_unpublished") == "0 tasks queued."
    assert len(mailoutbox) == 2
