from typing import Any

import pytest
from django.core.mail import EmailMessage
from django.urls import reverse
from django.utils.translation import override
from kombu.exceptions import OperationalError as BrokerError

from apps.core.mail import mail_queue
from apps.core.tasks import mail_deliver
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
