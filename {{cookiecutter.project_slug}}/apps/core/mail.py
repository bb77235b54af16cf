"""Mail from templates, in the current language."""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from django.conf import settings
from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.core.mail.backends import console
from django.template.loader import render_to_string
from django.utils.module_loading import import_string

from config import project
from infrastructure.background import in_background


class Mail(NamedTuple):
    """The arguments of `mail_send`."""

    to: str
    template: str
    context: dict[str, Any]


# The functions that build mails when they are sent, by name. `AppConfig.ready` imports their modules.
BUILDERS: dict[str, Callable[..., Mail | None]] = {}


class ConsoleBackend(console.EmailBackend):
    """Prints the text of a mail as people read it, so that a link in it can be copied."""

    def write_message(self, message: EmailMessage) -> None:
        head = f"To: {', '.join(message.to)}\nSubject: {message.subject}"
        self.stream.write(f"{head}\n\n{message.body}\n{'-' * 79}\n")


def mail_queue(builder: str, **data: Any) -> None:
    """Send one mail soon, without the caller waiting; call it after the commit of what the mail is about.

    Args:
        builder: a name in `BUILDERS`.
        data: its arguments, of types that JSON has. A broker may store them: pass keys of rows, and neither
            tokens nor links that contain one.
    """
    import_string(settings.MAIL_QUEUE)(builder=builder, data=data)


def mail_in_thread(*, builder: str, data: dict[str, Any]) -> None:
    """A way of `mail_queue`: one attempt, in a thread of this process; see there for the arguments."""
    in_background(partial(mail_build_and_send, builder=builder, data=data))


def mail_build_and_send(*, builder: str, data: dict[str, Any]) -> None:
    """Build and send a queued mail, unless its builder returns None.

    Raises:
        OSError: the mail server cannot be reached or refuses.
    """
    if mail := BUILDERS[builder](**data):
        mail_send(**mail._asdict())


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
