"""Mail tasks: language, and projects without Celery."""

import pytest
from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.utils.translation import override
from pytest_django import Settings

from apps.core.mail import mail_queue
from conftest import LANGUAGE

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
