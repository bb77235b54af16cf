"""Previews of all emails, in development only: `/dev/emails/`.

An email is each template `<app>/mail/<name>.txt` that extends `layout`. Its variables have sample values.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings
from django.http import Http404
from django.shortcuts import render
from django.template import engines
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


def templates() -> dict[str, str]:
    """Return the source of the templates of emails by name, without `.txt`."""
    found: dict[str, str] = {}
    for folder in map(Path, engines["django"].template_dirs):
        for path in folder.glob("*/mail/*.txt"):
            source = path.read_text(encoding="utf-8")
            if "extends layout" in source:
                found.setdefault(path.relative_to(folder).with_suffix("").as_posix(), source)
    return dict(sorted(found.items()))


def preview(template: str, source: str, language: str) -> tuple[str, str, str]:
    """Return the subject, text and HTML of an email with sample values."""
    values = {name: Sample(name) for name in VARIABLE.findall(source) if name != "project"}
    link = f"{settings.FRONTEND_URL}/example?token=sample"
    with translation.override(language):
        return mail_render(template, values | SAMPLES | {"link": link})


def email_list(request: HttpRequest) -> HttpResponse:
    """List the emails with their subject in each language."""
    emails = {
        template: {language: preview(template, source, language)[0] for language in dict(settings.LANGUAGES)}
        for template, source in templates().items()
    }
    return render(request, "development/emails.html", {"emails": emails})


def email_detail(request: HttpRequest, template: str) -> HttpResponse:
    """Show an email as text and HTML in the language `?language=`."""
    language = request.GET.get("language", settings.LANGUAGE_CODE)
    languages = dict(settings.LANGUAGES)
    if template not in templates() or language not in languages:
        raise Http404
    subject, text, html = preview(template, templates()[template], language)
    email = {"subject": subject, "text": text.strip(), "html": html}
    context = {"template": template, "language": language, "languages": languages, "email": email}
    return render(request, "development/emails.html", context)
