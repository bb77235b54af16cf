from datetime import timedelta
from io import StringIO

import pytest
from django.core.mail import EmailMessage
from django.core.management import call_command
from django.utils import timezone

from infrastructure.durable_tasks.models import DeadLetter, IdempotencyKey
from infrastructure.durable_tasks.services.idempotency_keys import run_once
from infrastructure.durable_tasks.tests.factories import DeadLetterFactory

pytestmark = pytest.mark.django_db


def said(command: str, **options: bool) -> str:
    output = StringIO()
    call_command(command, stdout=output, **options)
    return output.getvalue().strip()


def test_run_once_is_true_only_for_first_call() -> None:
    answers = []
    for _ in range(3):
        with run_once("invoice-7") as first:
            answers.append(first)
    assert answers == [True, False, False]


def test_run_once_is_true_again_after_failure() -> None:
    with pytest.raises(RuntimeError), run_once("invoice-7"):
        raise RuntimeError
    with run_once("invoice-7") as first:
        assert first


def test_purge_tasks_deletes_old_rows() -> None:
    old = timezone.now() - timedelta(days=31)
    DeadLetterFactory.create(created_at=old)
    IdempotencyKey.objects.create(key="old", created_at=old)
    kept = DeadLetterFactory.create(), IdempotencyKey.objects.create(key="new")
    assert said("purge_tasks", dry_run=True) == "1 dead letters and 1 idempotency keys to remove."
    assert said("purge_tasks") == "1 dead letters and 1 idempotency keys removed."
    assert (DeadLetter.objects.get(), IdempotencyKey.objects.get()) == kept


def test_replay_unpublished_skips_unknown_task(mailoutbox: list[EmailMessage]) -> None:
    DeadLetterFactory.create(reason=DeadLetter.Reason.UNPUBLISHED, task="apps.gone.tasks.gone")
    DeadLetterFactory.create(reason=DeadLetter.Reason.UNPUBLISHED)
    assert said("replay_unpublished") == "1 tasks queued."
    assert len(mailoutbox) == 1
    assert DeadLetter.objects.filter(replayed_at=None).count() == 1


def test_replay_unpublished_queues_each_task_once(mailoutbox: list[EmailMessage]) -> None:
    DeadLetterFactory.create_batch(2, reason=DeadLetter.Reason.UNPUBLISHED)
    DeadLetterFactory.create()
    assert said("replay_unpublished", dry_run=True) == "2 tasks to queue."
    assert said("replay_unpublished") == "2 tasks queued."
    assert said("replay_unpublished") == "0 tasks queued."
    assert len(mailoutbox) == 2
