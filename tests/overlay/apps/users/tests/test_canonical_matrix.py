"""Canonical forms of emails and passwords: all kinds of input."""

import sys
import unicodedata
from io import StringIO
from typing import Any

import pytest
from axes.models import AccessAttempt
from django.contrib.auth import authenticate
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.core.management import CommandError, call_command
from django.test import RequestFactory
from django.urls import reverse
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.users.canonical import (
    NORMALIZED_MAX_LENGTH,
    canonical_email,
    canonical_password,
    email_digest,
    lockout_key,
)
from apps.users.models import User
from apps.users.tests.factories import PASSWORD
from apps.users.tests.helpers import Response, fields_of
from conftest import Client

pytestmark = pytest.mark.django_db

NFC_PASSWORD = "p\u00e4ssw\u00f6rter f\u00fcr alle"
NFD_PASSWORD = unicodedata.normalize("NFD", NFC_PASSWORD)
FORMS = [
    "hans@b\u00fccher.de",
    "hans@bu\u0308cher.de",
    "HANS@B\u00dcCHER.DE",
    "\uff48\uff41\uff4e\uff53\uff20b\u00fccher\u3002de",
    " hans@b\u00fcch\u00ader.de\u00a0",
    "hans@XN--BCHER-KVA.de",
]
CANONICAL = "hans@xn--bcher-kva.de"

bounded = settings(max_examples=200, derandomize=True, deadline=None, database=None)

# Characters with special treatment in case mapping, normalization or IDNA.
special = st.sampled_from(
    "\u017f\u212a\u0130\u0131\u00df\u1e9e\uff20\uff0e\u3002\u2024\u200b\u200d\u00ad\u0308\u03c2\ufb01\u2100"
)

text = st.text(st.one_of(st.sampled_from('aAzZ09.-_+@" '), special, st.characters()), max_size=20)

emails = st.one_of(
    st.emails(), text, st.builds("{}@{}.{}".format, text, text, st.sampled_from(["de", "com"]))
)


def log_in(email: str, password: str = PASSWORD) -> Response:
    return Client().post(reverse("v1:auth:token"), {"email": email, "password": password})


@pytest.mark.parametrize(
    ("email", "expected"),
    [
        ("alice@\uff45xample.com", "alice@example.com"),
        ("user@stra\u00dfe.de", "user@xn--strae-oqa.de"),
        ("user@fa\u00df.de", "user@xn--fa-hia.de"),
        ("user@strasse.de", "user@strasse.de"),
        ("\u017ftaff@\u212aelvin.com", "staff@kelvin.com"),
        ("user@\u0130.de", "user@xn--i-9bb.de"),
        ("user@\u0645\u062b\u0627\u0644.com", "user@xn--mgbh0fb.com"),
        ("user@localhost", "user@localhost"),
    ],
)
def test_email_is_converted(email: str, expected: str) -> None:
    assert canonical_email(email) == expected


@pytest.mark.parametrize(
    ("email", "code"),
    [
        ("", "invalid"),
        ("@", "invalid"),
        ("ada", "invalid"),
        ("a@b@example.com", "invalid"),
        ("a\uff20b@example.com", "invalid"),
        ('"ada"@example.com', "invalid"),
        ("ada\0@example.com", "invalid"),
        ("ada@exam\nple.com", "invalid"),
        ("ada@xn--a.de", "invalid"),
        ("ada@\u2603.de", "invalid"),
        ("ada@\ud800.de", "invalid"),
        ("ada@\u2100.de", "invalid"),
        ("ada@b..\u00fc.de", "invalid"),
        ("ada@" + "\u00fc" * 60 + ".de", "invalid"),
        (f"{'a' * 65}@example.com", "invalid"),
        (f"ada@{'a' * 60}.{'b' * 60}.{'c' * 60}.{'d' * 63}.example", "max_length"),
        ("ada@" + "\u0301\u0316" * 50_000 + ".de", "max_length"),
        ("\u00fc@example.com", "non_ascii"),
        ("\u200bada@example.com", "non_ascii"),
        ("\ud800@example.com", "non_ascii"),
        ("\u0131@example.com", "non_ascii"),
    ],
)
def test_email_that_is_invalid_is_rejected(email: str, code: str) -> None:
    with pytest.raises(ValidationError) as failure:
        canonical_email(email)
    assert [error.code for error in failure.value.error_list] == [code]


@bounded
@given(emails)
def test_email_is_canonical_after_one_conversion(email: str) -> None:
    try:
        once = canonical_email(email)
    except ValidationError:
        return
    user = User(email=once, password="!")
    user.full_clean(validate_unique=False, validate_constraints=False)
    assert canonical_email(once) == once == user.email
    assert once == once.lower() == once.strip()
    assert once.isascii()
    assert len(once) <= 254


@pytest.mark.parametrize("email", FORMS)
def test_email_is_cleaned_and_stored_in_canonical_form(email: str) -> None:
    user = User(email=email, password="!")
    user.full_clean()
    user.save()
    assert User.objects.get().email == CANONICAL
    assert User.objects.by_email(email).get() == user


def test_user_registers_verifies_and_logs_in_with_any_form_of_email(
    mailoutbox: list[EmailMessage], api: Client
) -> None:
    responses = [
        api.post(reverse("v1:auth:register"), {"email": email, "password": PASSWORD}) for email in FORMS
    ]
    assert {response.status_code for response in responses} == {202}
    assert {tuple(mail.to) for mail in mailoutbox} == {(CANONICAL,)}
    user = User.objects.get()
    user.email_verified_at = user.created_at
    user.set_password(PASSWORD)
    user.save()

    for email in FORMS:
        mailoutbox.clear()
        assert log_in(email).status_code == 200
        assert api.post(reverse("v1:auth:password-reset"), {"email": email}).status_code == 202
        assert [mail.to for mail in mailoutbox] == [[CANONICAL]]


@pytest.mark.parametrize("name", ["register", "resend-verification", "password-reset", "token"])
@pytest.mark.parametrize(
    ("email", "code"),
    [
        ("\u00fc@example.com", "non_ascii"),
        ("a@xn--a.de", "invalid"),
        ("a@" + "\u00e9" * 80 + ".de", "invalid"),
    ],
)
def test_invalid_email_is_a_bad_request(api: Client, name: str, email: str, code: str) -> None:
    response = api.post(reverse(f"v1:auth:{name}"), {"email": email, "password": PASSWORD})
    assert fields_of(response) == {("email", code)}


def test_superuser_is_created_with_any_form_of_email(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", NFD_PASSWORD)
    call_command("createsuperuser", interactive=False, email=FORMS[1], verbosity=0)
    user = User.objects.get(email=CANONICAL)
    assert user.check_password(NFC_PASSWORD)
    with pytest.raises(CommandError):
        call_command("createsuperuser", interactive=False, email=FORMS[0], verbosity=0)
    with pytest.raises(CommandError):
        call_command("createsuperuser", interactive=False, email="\u00fc@example.com", verbosity=0)


def test_changepassword_command_accepts_any_form(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("getpass.getpass", lambda prompt="": NFD_PASSWORD)
    call_command("changepassword", user.email, stdout=StringIO())
    assert authenticate(RequestFactory().get("/"), username=user.email, password=NFC_PASSWORD) == user


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("\uff50\uff41\uff53\uff53\uff57\uff4f\uff52\uff44\uff11\uff12\uff13\uff14", "password_too_common"),
        ("\uff19\uff11\uff18\uff12\uff17\uff13" * 2, "password_entirely_numeric"),
        ("e\u0301" * 9, "password_too_short"),
        ("\uff41da@\uff45xample.com", "password_too_similar"),
    ],
)
def test_api_password_is_validated_in_canonical_form(api: Client, password: str, code: str) -> None:
    body = {"email": "ada@example.com", "password": password}
    response = api.post(reverse("v1:auth:register"), body)
    assert ("password", code) in fields_of(response)


def test_password_length_is_that_of_the_canonical_form(api: Client) -> None:
    def register(password: str) -> Any:
        return api.post(reverse("v1:auth:register"), {"email": "ada@example.com", "password": password})

    assert register("a\u0308" * 128).status_code == 202
    assert fields_of(register("a\u0308" * 129)) == {("password", "max_length")}


@bounded
@given(st.text(max_size=40))
def test_password_is_canonical_after_one_conversion(password: str) -> None:
    assert canonical_password(canonical_password(password)) == canonical_password(password)


def test_long_text_is_not_normalized() -> None:
    long = "a" + "\u0301\u0316" * NORMALIZED_MAX_LENGTH
    assert canonical_password(long) == long


def test_registration_response_is_the_same_for_other_form_of_known_email(
    user: User, api: Client, mailoutbox: list[EmailMessage]
) -> None:
    wide = user.email.replace("example", "\uff45xample")
    assert api.post(reverse("v1:auth:register"), {"email": wide, "password": PASSWORD}).status_code == 202
    assert [mail.subject.split(" at ")[0] for mail in mailoutbox] == ["You have an account"]


def test_lockout_counts_all_forms_of_an_email() -> None:
    for email in FORMS[:5]:
        response = log_in(email, "wrong")
    assert response.status_code == 429
    assert {row.username for row in AccessAttempt.objects.all()} == {lockout_key(None, {"email": CANONICAL})}


def test_ascii_email_loads_no_idna_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "idna", None)
    assert canonical_email("Ada@Example.com") == "ada@example.com"


def test_api_password_matches_in_any_form(api: Client, mailoutbox: list[EmailMessage]) -> None:
    api.post(reverse("v1:auth:register"), {"email": "ada@example.com", "password": NFD_PASSWORD})
    User.objects.update(email_verified_at=User.objects.get().created_at)
    api.login_by_token(User.objects.get(), NFC_PASSWORD)
    body = {"current_password": NFD_PASSWORD, "new_password": f"{NFC_PASSWORD}!"}
    assert api.post(reverse("v1:auth:password-change"), body).status_code == 204
    assert log_in("ada@example.com", f"{NFD_PASSWORD}!").status_code == 200


@pytest.mark.parametrize("email", FORMS)
def test_email_has_one_canonical_form(email: str) -> None:
    assert canonical_email(email) == CANONICAL


@pytest.mark.parametrize("email", FORMS)
def test_email_is_counted_in_canonical_form(email: str) -> None:
    assert email_digest(email, salt="x") == email_digest(CANONICAL, salt="x")
    assert lockout_key(None, {"username": email}) == lockout_key(None, {"email": CANONICAL})


@pytest.mark.parametrize(
    ("stored", "typed"),
    [(NFC_PASSWORD, NFD_PASSWORD), (NFD_PASSWORD, NFC_PASSWORD), ("\ufb01sh" * 4, "fish" * 4)],
)
def test_password_matches_in_any_form(stored: str, typed: str) -> None:
    user = User()
    user.set_password(stored)
    assert user.check_password(typed)
    assert not user.check_password(typed.upper())
