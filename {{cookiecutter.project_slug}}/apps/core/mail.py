"""Mail from templates, in the language of the moment."""

from functools import partial
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.core.mail.backends import console
from django.template.loader import render_to_string
from django.utils.module_loading import import_string

from apps.core.background import in_background
from config import project


class ConsoleBackend(console.EmailBackend):
    """Prints the text of a mail as people read it, so that a link in it can be copied."""

    def write_message(self, message: EmailMessage) -> None:
        head = f"To: {', '.join(message.to)}\nSubject: {message.subject}"
        self.stream.write(f"{head}\n\n{message.body}\n{'-' * 79}\n")


def mail_queue(*, to: str, template: str, context: dict[str, Any]) -> None:
    """Send one mail soon, without the caller waiting; call it after the commit of what the mail speaks of.

    Args:
        to: the address.
        template: see `mail_send`.
        context: for the templates, of what JSON knows.
    """
    import_string(settings.MAIL_QUEUE)(to=to, template=template, context=context)


def mail_in_thread(*, to: str, template: str, context: dict[str, Any]) -> None:
    """A way of `mail_queue`: one try, in a thread of this process; see there for the arguments."""
    in_background(partial(mail_send, to=to, template=template, context=context))


def mail_send(*, to: str, template: str, context: dict[str, Any]) -> None:
    """Send one mail as text and HTML.

    Args:
        to: the address.
        template: a folder of templates with `subject.txt`, `body.txt` and `body.html`.
        context: for the templates; `project` and `frontend_url` are added.

    Raises:
        OSError: the mail server cannot be reached or refuses.
    """
    context = {"project": project.TITLE, "frontend_url": settings.FRONTEND_URL, **context}
    subject = render_to_string(f"{template}/subject.txt", context)
    mail = EmailMultiAlternatives(
        subject=" ".join(subject.split()),
        body=render_to_string(f"{template}/body.txt", context),
        to=[to],
    )
    mail.attach_alternative(render_to_string(f"{template}/body.html", context), "text/html")
    mail.send()
