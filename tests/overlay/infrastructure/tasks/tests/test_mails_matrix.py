"""Mail tasks: language, and projects without Celery."""

import pytest
from celery.exceptions import Retry
from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.core.mail.backends.locmem import EmailBackend
from django.db import transaction
from django.utils.translation import override
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from apps.core.mail import mail_queue
from apps.core.tasks import mail_deliver
from apps.users.models import User
from apps.users.services.accounts import user_delete
from apps.users.services.mails import mail_user
from conftest import LANGUAGE
from infrastructure.tasks.tests.conftest import Messages
from infrastructure.tasks.tests.test_mails import MAIL

pytestmark = pytest.mark.django_db


def test_mail_uses_language_of_caller(mailoutbox: list[EmailMultiAlternatives]) -> None:
    with override(LANGUAGE):
        mail_queue("tests.verify", name="ann")
    (mail,) = mailoutbox
    assert f'<html lang="{LANGUAGE}"' in str(mail.alternatives[0][0])


def test_mail_is_sent_by_thread_without_celery(settings: Settings, mailoutbox: list[EmailMessage]) -> None:
    settings.MAIL_QUEUE = "apps.core.mail.mail_in_thread"
    mail_queue("tests.verify", name="ann")
    assert len(mailoutbox) == 1


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
