"""Emails from templates, in the language and the time zone of the recipient."""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from django.conf import settings
from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.core.mail.backends import console
from django.template.loader import render_to_string
from django.utils.module_loading import import_string

from apps.core.localization import localized
from config import project
from infrastructure.background import in_background


class Mail(NamedTuple):
    """Email to one recipient, in whose language and time zone `mail_render` renders the template."""

    to: str
    template: str
    context: dict[str, Any]
    language: str = ""
    time_zone: str = ""
    headers: dict[str, str] | None = None


LAYOUTS = ("subject.txt", "body.txt", "body.html")

# Functions that build emails on sending, by name. `AppConfig.ready` imports their modules.
BUILDERS: dict[str, Callable[..., Mail | None]] = {}


class Message(EmailMultiAlternatives):
    """Email with unfolded headers: Python would encode long URLs, which mail providers do not recognize."""

    def message(self, **options: Any) -> Any:
        message: Any = super().message(**options)
        # RFC 5322, section 2.1.1.
        message.policy = message.policy.clone(max_line_length=998)
        return message


class ConsoleBackend(console.EmailBackend):
    """Console backend that prints only the decoded text, so that links can be copied."""

    def write_message(self, message: EmailMessage) -> None:
        head = f"To: {', '.join(message.to)}\nSubject: {message.subject}"
        self.stream.write(f"{head}\n\n{message.body}\n{'-' * 79}\n")


def mail_queue(builder: str, **data: Any) -> None:
    """Queue an email; call it after the commit of the data that the email depends on.

    Args:
        builder: a name in `BUILDERS`.
        data: its JSON serializable arguments. A broker may store them: pass primary keys, never tokens or
            links with a token.
    """
    import_string(settings.MAIL_QUEUE)(builder=builder, data=data)


def mail_in_thread(*, builder: str, data: dict[str, Any]) -> None:
    """Send an email in a background thread, without retries; a backend of `mail_queue`."""
    in_background(partial(mail_build_and_send, builder=builder, data=data))


def mail_build_and_send(*, builder: str, data: dict[str, Any]) -> None:
    """Build and send a queued email, unless its builder returns None.

    Raises:
        OSError: the mail server is unavailable or rejects the email.
    """
    if mail := BUILDERS[builder](**data):
        mail_send(mail)


def mail_send(mail: Mail) -> None:
    """Send an email as text and HTML.

    Raises:
        OSError: the mail server is unavailable or rejects the email.
    """
    with localized(mail.language, mail.time_zone):
        subject, text, html = mail_render(mail.template, mail.context)
    message = Message(subject=subject, body=text, to=[mail.to], headers=mail.headers)
    message.attach_alternative(html, "text/html")
    message.send()


def mail_render(template: str, context: dict[str, Any]) -> tuple[str, str, str]:
    """Return the subject, text and HTML of an email.

    Args:
        template: the name of a template without `.txt`, with the blocks `subject` and `body`, and `action`
            for the text of the link. It extends `layout`: those in `templates/core/mail/`, one after another.
        context: the template context, with `link` for another link than `FRONTEND_URL`; `project` is added.
    """
    context = {"project": project.TITLE, "link": settings.FRONTEND_URL, **context}
    subject, text, html = (
        render_to_string(f"{template}.txt", {**context, "layout": f"core/mail/{name}"}) for name in LAYOUTS
    )
    return " ".join(subject.split()), text, html
