import pytest

from apps.users.canonical import canonical_email
from apps.users.models import User


@pytest.mark.parametrize("email", ["HANS@B\u00dcCHER.DE", " hans@bu\u0308cher.de", "hans@XN--BCHER-KVA.de"])
def test_email_has_one_canonical_form(email: str) -> None:
    assert canonical_email(email) == "hans@xn--bcher-kva.de"


def test_password_matches_in_any_unicode_form() -> None:
    user = User()
    user.set_password("p\u00e4ssw\u00f6rter")
    assert user.check_password("pa\u0308sswo\u0308rter")
    assert not user.check_password("PA\u0308SSWO\u0308RTER")
