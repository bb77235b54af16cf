from typing import Any

import pytest
import structlog
from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.core.mail.backends.locmem import EmailBackend
from django.db import transaction
from django.urls import reverse
from django.utils.translation import override
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from apps.core.mail import mail_queue
from apps.users.models import User
from apps.users.services.accounts import user_delete
from apps.users.services.mails import mail_user
from apps.users.tests.factories import UserFactory
from config.celery import app
from conftest import LANGUAGE, Client
from infrastructure.tasks.base import Broker
from infrastructure.tasks.models import DeadLetter, Receipt
from infrastructure.tasks.tasks import mail_deliver
from infrastructure.tasks.tests.conftest import Messages

pytestmark = pytest.mark.django_db

MAIL: dict[str, Any] = {"builder": "tests.verify", "data": {"name": "ann"}}


class RefusingBackend(EmailBackend):
    def send_messages(self, messages: object) -> int:
        address = "ann" + "@example.com"
        raise OSError(f"{address}: mailbox at https://mail.example.com/?{'to'}ken=t is full")


@pytest.fixture
def refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(EmailBackend, "send_messages", RefusingBackend.send_messages)


def test_mail_is_queued_as_critical_with_hidden_arguments(messages: Messages) -> None:
    with override("de"):
        mail_queue("tests.verify", name="ann")
    (message,) = messages("critical")
    _, kwargs, _ = message.payload
    assert kwargs == MAIL | {"language": "de", "key": kwargs["key"]}
    assert message.headers["task"] == "infrastructure.tasks.tasks.mail_deliver"
    assert (message.headers["argsrepr"], message.headers["kwargsrepr"]) == ("…", "…")


def test_mail_uses_language_of_caller(
    mailoutbox: list[EmailMultiAlternatives],
) -> None:
    with override(LANGUAGE):
        mail_queue("tests.verify", name="ann")
    (mail,) = mailoutbox
    assert f'<html lang="{LANGUAGE}"' in str(mail.alternatives[0][0])


def test_mail_is_sent_once_when_task_runs_twice(mailoutbox: list[EmailMessage]) -> None:
    for _ in range(2):
        mail_deliver.delay(key="mail-1", language="en", **MAIL)
    assert len(mailoutbox) == 1


def test_mail_key_is_not_stored_when_sending_fails(refused: None) -> None:
    mail_deliver.delay(key="mail-1", language="en", **MAIL)
    assert not Receipt.objects.exists()


def test_mail_dead_letter_contains_no_personal_data(refused: None) -> None:
    mail_queue("tests.verify", name="ann")
    letter = DeadLetter.objects.get()
    assert (letter.task, letter.reason) == ("infrastructure.tasks.tasks.mail_deliver", "failed")
    assert letter.error == "OSError: [redacted]: mailbox at https://mail.example.com/?[redacted] is full"
    assert "mail_send" in letter.trace
    stored = " ".join(str(value) for value in vars(letter).values())
    assert "ann@" not in stored
    assert "token" not in stored


def test_account_mail_message_contains_no_email_link_or_token(api: Client, messages: Messages) -> None:
    user = UserFactory.create()
    api.post(reverse("v1:auth:password-reset"), {"email": user.email})

    (message,) = messages("critical")
    _, kwargs, _ = message.payload
    assert kwargs["builder"] == "users.account"
    assert kwargs["data"].keys() == {"user_id", "template", "mailbox"}
    assert user.email not in str(message.body)


def test_mail_of_a_deleted_account_is_not_sent(
    user: User,
    mailoutbox: list[EmailMessage],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with django_capture_on_commit_callbacks() as waiting:
        mail_user(user, "welcome")
    user_delete(user=user)

    for send in waiting:
        send()

    assert not mailoutbox


def test_registration_succeeds_when_broker_is_unavailable(broker_away: None, api: Client) -> None:
    body = {"email": "bob@example.com", "password": "correct horse battery"}
    assert api.post(reverse("v1:auth:register"), body).status_code == 202
    letter = DeadLetter.objects.get()
    assert (letter.task, letter.reason) == ("infrastructure.tasks.tasks.mail_deliver", "unpublished")


def test_circuit_breaker_skips_broker_after_failure(
    broker_away: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[str] = []
    send_task = app.send_task

    def send(name: str, *args: Any, **options: Any) -> Any:
        tries.append(name)
        return send_task(name, *args, **options)

    monkeypatch.setattr(app, "send_task", send)
    for _ in range(3):
        mail_queue("tests.verify", name="ann")
    assert (len(tries), DeadLetter.objects.filter(reason="unpublished").count()) == (1, 3)
    monkeypatch.setattr("infrastructure.tasks.base.BROKER_RETRY_INTERVAL", 0)
    Broker.failed()
    mail_queue("tests.verify", name="ann")
    assert len(tries) == 2


def test_unpublished_mail_stores_request_id(broker_away: None) -> None:
    with structlog.contextvars.bound_contextvars(request_id="my-request"):
        mail_queue("tests.verify", name="ann")
    assert DeadLetter.objects.get().request_id == "my-request"


def test_mail_is_not_queued_after_rollback(messages: Messages) -> None:
    with transaction.atomic():
        mail_deliver.delay_on_commit(key="mail-1", language="en", **MAIL)
        transaction.set_rollback(True)
    assert messages("critical") == []


def test_mail_is_sent_by_thread_without_celery(settings: Settings, mailoutbox: list[EmailMessage]) -> None:
    settings.MAIL_QUEUE = "apps.core.mail.mail_in_thread"
    mail_queue("tests.verify", name="ann")
    assert len(mailoutbox) == 1
    assert not Receipt.objects.exists()
