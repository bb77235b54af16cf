"""Message catalogs, and the language of responses, emails and the admin."""

import re
from pathlib import Path

import polib
import pytest
from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import override

from apps.core.mail import LAYOUTS
from config.env import BASE_DIR
from conftest import Client

# The shared catalog of each language, and those of apps.
CATALOGS = sorted(
    [
        *BASE_DIR.glob("locale/*/LC_MESSAGES/django.po"),
        *BASE_DIR.glob("apps/*/locale/*/LC_MESSAGES/django.po"),
        *BASE_DIR.glob("infrastructure/*/locale/*/LC_MESSAGES/django.po"),
    ]
)
LANGUAGES = [code for code, _name in settings.LANGUAGES]
MAILS = sorted(path.name for path in (BASE_DIR / "templates/users/mail").iterdir())
PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|%%")

catalogs = pytest.mark.parametrize(
    "path", CATALOGS, ids=lambda path: str(path.relative_to(BASE_DIR).parent.parent)
)


def texts(entry: polib.POEntry | polib.MOEntry) -> list[str]:
    """Return the translations of a message, one for each plural form."""
    return list(entry.msgstr_plural.values()) if entry.msgid_plural else [entry.msgstr]


@catalogs
def test_catalog_is_compiled(path: Path) -> None:
    edited, compiled = polib.pofile(path).translated_entries(), polib.mofile(str(path.with_suffix(".mo")))
    expected = {entry.msgid_with_context: texts(entry) for entry in edited}
    assert {entry.msgid_with_context: texts(entry) for entry in compiled} == expected, "run `make messages`"


@catalogs
def test_catalog_has_no_fuzzy_translation(path: Path) -> None:
    assert [entry.msgid for entry in polib.pofile(path).fuzzy_entries()] == []


@catalogs
def test_translations_have_the_placeholders_of_the_message(path: Path) -> None:
    for entry in polib.pofile(path).translated_entries():
        allowed = {*PLACEHOLDER.findall(entry.msgid), *PLACEHOLDER.findall(entry.msgid_plural)}
        for text in texts(entry):
            assert set(PLACEHOLDER.findall(text)) <= allowed, entry.msgid


@catalogs
def test_catalog_has_as_many_plural_forms_as_its_language(path: Path) -> None:
    catalog = polib.pofile(path)
    forms = int(re.findall(r"nplurals=(\d+)", catalog.metadata["Plural-Forms"])[0])
    for entry in catalog.translated_entries():
        assert len(texts(entry)) == (forms if entry.msgid_plural else 1), entry.msgid


@pytest.mark.django_db
@pytest.mark.parametrize("language", LANGUAGES)
def test_problem_is_in_the_language_of_the_client(api: Client, language: str) -> None:
    accepted = f"{language};q=0.9,tlh;q=0.5"
    response = api.post(reverse("v1:auth:register"), {}, HTTP_ACCEPT_LANGUAGE=accepted)
    assert response["Content-Language"] == language
    assert "Accept-Language" in response["Vary"]
    with override(language):
        assert response.json()["detail"] == _("Invalid input.")


@pytest.mark.django_db
def test_problem_is_in_the_default_language_for_unknown_languages(api: Client) -> None:
    response = api.get("/api/nothing/", HTTP_ACCEPT_LANGUAGE="tlh")
    assert response["Content-Language"] == settings.LANGUAGE_CODE


@pytest.mark.parametrize("mail", MAILS)
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_mail_renders_in_every_language(mail: str, layout: str, language: str) -> None:
    context = {"project": "Shop", "link": "", "layout": f"core/mail/{layout}"}
    with override(language):
        assert render_to_string(f"users/mail/{mail}", context).strip()
