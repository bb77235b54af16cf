import unicodedata

import pytest

from apps.users.canonical import canonical_email, email_digest, lockout_key
from apps.users.models import User

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


# The email


@pytest.mark.parametrize("email", FORMS)
def test_email_has_one_canonical_form(email: str) -> None:
    assert canonical_email(email) == CANONICAL


@pytest.mark.parametrize("email", FORMS)
def test_email_is_counted_in_canonical_form(email: str) -> None:
    assert email_digest(email, salt="x") == email_digest(CANONICAL, salt="x")
    assert lockout_key(None, {"username": email}) == lockout_key(None, {"email": CANONICAL})


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
