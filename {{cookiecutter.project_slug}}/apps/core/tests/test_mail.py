from django.core.mail import EmailMultiAlternatives
from django.utils.translation import override
from pytest_django import Settings

from apps.core.mail import Mail, mail_send
from config import project
from conftest import LANGUAGE


def send(mailoutbox: list[EmailMultiAlternatives], **context: str) -> EmailMultiAlternatives:
    mail_send(Mail(to="ann@example.com", template="users/mail/verify_email", context=context))
    (mail,) = mailoutbox
    return mail


def test_mail_is_sent_as_text_and_html(mailoutbox: list[EmailMultiAlternatives], settings: Settings) -> None:
    mail = send(mailoutbox, link="https://app.example.com/?a=1&b=2")
    assert mail.to == ["ann@example.com"]
    assert mail.from_email == settings.DEFAULT_FROM_EMAIL
    ((html, content_type),) = mail.alternatives
    assert content_type == "text/html"
    assert "https://app.example.com/?a=1&b=2" in str(mail.body)
    assert 'href="https://app.example.com/?a=1&amp;b=2"' in str(html)
    assert "<" not in str(mail.body)


def test_mail_subject_is_one_line_with_the_project_name(
    mailoutbox: list[EmailMultiAlternatives],
) -> None:
    mail = send(mailoutbox, link="")
    assert mail.subject == f"Verify your email for {project.TITLE}"


def test_mail_escapes_markup_in_html(mailoutbox: list[EmailMultiAlternatives]) -> None:
    mail = send(mailoutbox, link="", project="<b>A & B</b>\nBcc: everybody@example.com")
    assert mail.subject == "Verify your email for <b>A & B</b> Bcc: everybody@example.com"
    assert "<b>A & B</b>" in str(mail.body)
    assert "&lt;b&gt;A &amp; B&lt;/b&gt;" in str(mail.alternatives[0][0])
    assert "Bcc" not in mail.message()


def test_mail_uses_the_active_language(mailoutbox: list[EmailMultiAlternatives]) -> None:
    with override(LANGUAGE):
        mail = send(mailoutbox, link="")
    assert f'<html lang="{LANGUAGE}" dir="ltr">' in str(mail.alternatives[0][0])
