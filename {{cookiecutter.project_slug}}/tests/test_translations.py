"""Answers, mails and the admin speak the languages of the settings."""

import ast
import gettext
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import override

from apps.users.models import User
from config.env import BASE_DIR
from conftest import Client

MARKERS = {"_", "gettext", "gettext_lazy"}
# The shared one of each language, and those of apps that bring their own.
CATALOGS = sorted(
    [
        *BASE_DIR.glob("locale/*/LC_MESSAGES/django.po"),
        *BASE_DIR.glob("apps/*/locale/*/LC_MESSAGES/django.po"),
    ]
)
MAILS = sorted(path.name for path in (BASE_DIR / "templates/users/mail").iterdir())


def read_po(path: Path) -> dict[str, str]:
    """The messages of a catalog as people edit it: `msgid`, then `msgstr`, each one or more quoted lines."""
    entries = re.findall(
        r'^msgid ((?:".*"\s)+)msgstr ((?:".*"\s)+)',
        path.read_text(encoding="utf-8") + "\n",
        flags=re.MULTILINE,
    )
    unquoted = ((ast.literal_eval(f"({part})") for part in entry) for entry in entries)
    return {message: translation for message, translation in unquoted if message}


def read_mo(path: Path) -> dict[str, str]:
    """The messages of a catalog as Django reads it."""
    with path.open("rb") as file:
        catalog = gettext.GNUTranslations(file)
    return {message: catalog.gettext(message) for message in catalog._catalog if message}  # type: ignore[attr-defined] # noqa: SLF001


def messages_in_code() -> Iterator[str]:
    for file in [*BASE_DIR.glob("apps/**/*.py"), *BASE_DIR.glob("config/**/*.py")]:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in MARKERS:
                yield ast.literal_eval(node.args[0])


def test_every_language_but_that_of_the_code_has_a_catalog() -> None:
    languages = {path.parent.parent.name for path in CATALOGS}
    assert languages == {code for code, _ in settings.LANGUAGES} - {settings.LANGUAGE_CODE}


@pytest.mark.parametrize("path", CATALOGS, ids=lambda path: str(path.relative_to(BASE_DIR).parent.parent))
def test_every_message_of_a_catalog_is_translated_and_compiled(path: Path) -> None:
    edited = read_po(path)
    assert [message for message, translation in edited.items() if not translation] == []
    assert "#, fuzzy" not in path.read_text(encoding="utf-8")
    assert read_mo(path.with_suffix(".mo")) == edited


@pytest.mark.parametrize("language", sorted({path.parent.parent.name for path in CATALOGS}))
def test_every_message_in_the_code_is_in_a_catalog(language: str) -> None:
    known = {message for path in CATALOGS if path.parent.parent.name == language for message in read_po(path)}
    assert set(messages_in_code()) - known == set()


@pytest.mark.django_db
def test_problems_are_told_in_the_language_of_the_client(api: Client) -> None:
    body = {"email": "ann@example.com", "password": "12345"}
    response = api.post(reverse("v1:auth:register"), body, HTTP_ACCEPT_LANGUAGE="de-AT,de;q=0.9,en;q=0.5")
    assert response["Content-Language"] == "de"
    problem = response.json()
    assert problem["detail"] == "Die Eingabe ist ungültig."
    assert all(error["message"].startswith("Dieses Passwort ist ") for error in problem["errors"])
    assert "Accept-Language" in response["Vary"]


@pytest.mark.django_db
def test_who_speaks_none_of_our_languages_gets_english(api: Client) -> None:
    response = api.get("/api/nothing/", HTTP_ACCEPT_LANGUAGE="tlh")
    assert response.json()["detail"] == "Nothing is found at this address."


@pytest.mark.parametrize("mail", MAILS)
@pytest.mark.parametrize("part", ["subject.txt", "body.txt", "body.html"])
def test_every_mail_is_written_in_every_language(mail: str, part: str) -> None:
    context = {"project": "Shop", "frontend_url": "", "link": "", "user": User(first_name="Ann")}
    texts = set()
    for code, _ in settings.LANGUAGES:
        with override(code):
            texts.add(render_to_string(f"users/mail/{mail}/{part}", context))
    assert len(texts) == len(settings.LANGUAGES)
