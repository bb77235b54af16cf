import sys
import unicodedata

import pytest
from axes.models import AccessAttempt
from django.core.mail import EmailMessage
from django.urls import reverse

from apps.users.canonical import canonical_email, email_digest, lockout_key
from apps.users.models import User
from apps.users.tests.factories import PASSWORD
from apps.users.tests.helpers import Response
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


def log_in(email: str, password: str = PASSWORD) -> Response:
    return Client().post(reverse("v1:auth:token"), {"email": email, "password": password})


# The email


@pytest.mark.parametrize("email", FORMS)
def test_email_has_one_canonical_form(email: str) -> None:
    assert canonical_email(email) == CANONICAL


@pytest.mark.parametrize("email", FORMS)
def test_email_is_counted_in_canonical_form(email: str) -> None:
    assert email_digest(email, salt="x") == email_digest(CANONICAL, salt="x")
    assert lockout_key(None, {"username": email}) == lockout_key(None, {"email": CANONICAL})


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


# The password


@pytest.mark.parametrize(
    ("stored", "typed"),
    [(NFC_PASSWORD, NFD_PASSWORD), (NFD_PASSWORD, NFC_PASSWORD), ("\ufb01sh" * 4, "fish" * 4)],
)
def test_password_matches_in_any_form(stored: str, typed: str) -> None:
    user = User()
    user.set_password(stored)
    assert user.check_password(typed)
    assert not user.check_password(typed.upper())


def test_api_password_matches_in_any_form(api: Client, mailoutbox: list[EmailMessage]) -> None:
    api.post(reverse("v1:auth:register"), {"email": "ada@example.com", "password": NFD_PASSWORD})
    User.objects.update(email_verified_at=User.objects.get().created_at)
    api.login_by_token(User.objects.get(), NFC_PASSWORD)
    body = {"current_password": NFD_PASSWORD, "new_password": f"{NFC_PASSWORD}!"}
    assert api.post(reverse("v1:auth:password-change"), body).status_code == 204
    assert log_in("ada@example.com", f"{NFD_PASSWORD}!").status_code == 200
