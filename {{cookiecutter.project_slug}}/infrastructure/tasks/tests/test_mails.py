from typing import Any

import pytest
from celery.exceptions import Retry
from django.core.mail import EmailMessage
from django.core.mail.backends.locmem import EmailBackend
from django.db import transaction
from django.urls import reverse
from django.utils.translation import override
from kombu.exceptions import OperationalError as BrokerError
from pytest_django import DjangoCaptureOnCommitCallbacks

from apps.core.mail import mail_queue
from apps.core.tasks import mail_deliver
from apps.users.models import User
from apps.users.services.accounts import user_delete
from apps.users.services.mails import mail_user
from apps.users.tests.factories import UserFactory
from conftest import Client
from infrastructure.tasks.tests.conftest import Messages

pytestmark = pytest.mark.django_db

MAIL: dict[str, Any] = {"builder": "tests.verify", "data": {"name": "ann"}}


def test_mail_is_queued_as_critical(messages: Messages) -> None:
    with override("de"):
        mail_queue("tests.verify", name="ann")
    (message,) = messages("critical")
    _, kwargs, _ = message.payload
    assert kwargs == MAIL | {"language": "de"}
    assert message.headers["task"] == "apps.core.tasks.mail_deliver"


def test_mail_is_retried_with_backoff_and_jitter(messages: Messages, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: object) -> None:
        raise OSError

    monkeypatch.setattr(EmailBackend, "send_messages", refuse)
    mail = MAIL | {"language": "en"}
    mail_deliver.push_request(args=[], kwargs=mail, called_directly=False, id="1", retries=3)
    with pytest.raises(Retry) as retry:
        mail_deliver.run(**mail)
    mail_deliver.pop_request()
    assert retry.value.when in range(5 * 2**3 + 1)
    (message,) = messages("critical")
    assert message.headers["retries"] == 4
    assert message.headers["id"] == "1"


def test_mail_is_sent_by_thread_when_broker_is_unavailable(
    monkeypatch: pytest.MonkeyPatch, mailoutbox: list[EmailMessage], caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(**_options: Any) -> None:
        raise BrokerError

    monkeypatch.setattr(mail_deliver, "apply_async", refuse)
    mail_queue("tests.verify", name="ann")
    assert len(mailoutbox) == 1
    assert "task_unpublished" in caplog.text


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


def test_mail_is_not_queued_after_rollback(messages: Messages) -> None:
    with transaction.atomic():
        mail_deliver.delay_on_commit(language="en", **MAIL)
        transaction.set_rollback(True)
    assert messages("critical") == []
