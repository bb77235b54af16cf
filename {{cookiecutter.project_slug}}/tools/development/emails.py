"""Previews of all emails, in development only: `/dev/emails/`.

An email is each template `<app>/mail/<name>.txt`. Its variables have sample values.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings
from django.http import Http404
from django.shortcuts import render
from django.template.loader import get_template
from django.template.utils import get_app_template_dirs
from django.utils import translation

from apps.core.mail import mail_render

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

# Sample values by the name of a variable; others have their name as value.
SAMPLES = {
    "title": "Your order is ready",
    "body": "You can pick it up from Monday on.",
}
VARIABLE = re.compile(r"{{\s*(\w+)")


class Sample(str):
    """Sample value with any attribute, for `{{ order.number }}`."""

    __slots__ = ()

    def __getitem__(self, key: object) -> Sample:
        return Sample(key)


def templates() -> list[str]:
    """Return the names of the templates of emails, without `.txt`."""
    folders = [*settings.TEMPLATES[0]["DIRS"], *get_app_template_dirs("templates")]
    files = {path.relative_to(folder) for folder in map(Path, folders) for path in folder.glob("*/mail/*.txt")}
    return sorted(path.with_suffix("").as_posix() for path in files if path.parts[0] != "core")


def sample_context(template: str) -> dict[str, str]:
    """Return sample values of the variables in a template."""
    source = get_template(f"{template}.txt").template.source  # type: ignore[attr-defined] - of Django's engine
    values = {name: Sample(name) for name in VARIABLE.findall(source) if name != "project"}
    return values | SAMPLES | {"link": f"{settings.FRONTEND_URL}/example?token=sample"}


def email_list(request: HttpRequest) -> HttpResponse:
    """List the emails with their subject in each language."""
    emails = [(template, subjects(template)) for template in templates()]
    return render(request, "development/emails.html", {"emails": emails})


def email_detail(request: HttpRequest, template: str) -> HttpResponse:
    """Show an email as text and HTML in the language `?language=`."""
    language = request.GET.get("language", settings.LANGUAGE_CODE)
    if template not in templates() or language not in dict(settings.LANGUAGES):
        raise Http404
    with translation.override(language):
        subject, text, html = mail_render(template, sample_context(template))
    email = {"subject": subject, "text": text.strip(), "html": html}
    context = {"template": template, "subjects": subjects(template), "language": language, "email": email}
    return render(request, "development/emails.html", context)


def subjects(template: str) -> dict[str, str]:
    """Return the subject by language."""
    found = {}
    for code, _name in settings.LANGUAGES:
        with translation.override(code):
            found[code] = mail_render(template, sample_context(template))[0]
    return found
