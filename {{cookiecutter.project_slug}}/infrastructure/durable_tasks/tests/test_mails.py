from typing import Any

import pytest
from django.core.mail import EmailMessage
from django.core.mail.backends.locmem import EmailBackend
from django.urls import reverse

from apps.core.mail import mail_queue
from apps.core.tasks import mail_deliver
from conftest import Client
from infrastructure.durable_tasks.models import DeadLetter

pytestmark = pytest.mark.django_db

MAIL: dict[str, Any] = {"builder": "tests.verify", "data": {"name": "ann"}, "language": "en"}


def test_mail_is_sent_once_when_task_is_redelivered(mailoutbox: list[EmailMessage]) -> None:
    for _ in range(2):
        mail_deliver.apply_async(kwargs=MAIL, task_id="same")
    assert len(mailoutbox) == 1


def test_mail_dead_letter_contains_no_personal_data(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: object) -> None:
        address = "ann" + "@example.com"
        raise OSError(f"{address}: mailbox at https://mail.example.com/?{'to'}ken=t is full")

    monkeypatch.setattr(EmailBackend, "send_messages", refuse)
    mail_queue("tests.verify", name="ann")
    letter = DeadLetter.objects.get()
    assert (letter.task, letter.reason) == ("apps.core.tasks.mail_deliver", "failed")
    assert letter.error == "OSError: [redacted]: mailbox at https://mail.example.com/?[redacted] is full"
    assert "mail_send" in letter.trace
    stored = " ".join(str(value) for value in vars(letter).values())
    assert "ann@" not in stored
    assert "token" not in stored


def test_registration_succeeds_when_broker_is_unavailable(
    broker_unavailable: None, api: Client, mailoutbox: list[EmailMessage]
) -> None:
    body = {"email": "bob@example.com", "password": "correct horse battery"}
    assert api.post(reverse("v1:auth:register"), body).status_code == 202
    letter = DeadLetter.objects.get()
    assert (letter.task, letter.reason) == ("apps.core.tasks.mail_deliver", "unpublished")
    assert mailoutbox == []
