"""Token tests without HTTP; others are in `api/test_registration.py` and `api/test_passwords.py`."""

import pytest
from django.urls import reverse

from apps.users.exceptions import InvalidMailToken
from apps.users.models import User
from apps.users.services.sessions import session_create
from apps.users.tests.helpers import get_me, later
from apps.users.tokens import MailToken
from conftest import Client

CONFIRMATION, INVITATION = MailToken(), MailToken()
CONFIRMATION.key_salt, INVITATION.key_salt = "tests.confirmation", "tests.invitation"


def test_mail_token_is_redeemed_for_its_user(user: User) -> None:
    assert CONFIRMATION.redeem(CONFIRMATION.make(user)) == user


def test_mail_token_is_invalid_for_another_purpose(user: User) -> None:
    with pytest.raises(InvalidMailToken):
        INVITATION.redeem(CONFIRMATION.make(user))


@pytest.mark.parametrize("position", [0, 20, 30, -1])
def test_tampered_mail_token_is_invalid(user: User, position: int) -> None:
    token = list(CONFIRMATION.make(user))
    token[position] = "a" if token[position] != "a" else "b"
    with pytest.raises(InvalidMailToken):
        CONFIRMATION.redeem("".join(token))


@pytest.mark.parametrize(
    "token", ["", ".", "a.b.c", "\0", "\u2026", "{key}", "{key}.", "{key}.1", "{key}.1-\ud800"]
)
def test_malformed_mail_token_is_invalid(user: User, token: str) -> None:
    key = CONFIRMATION.make(user).partition(".")[0]
    with pytest.raises(InvalidMailToken):
        CONFIRMATION.redeem(token.format(key=key))


def test_mail_token_contains_neither_email_nor_password(user: User) -> None:
    payload = CONFIRMATION.make(user)
    assert user.email not in payload
    assert user.password not in payload


def test_mail_token_is_invalid_after_logout_everywhere(user: User) -> None:
    token = CONFIRMATION.make(user)
    User.objects.update(session_epoch=user.session_epoch + 1)
    with pytest.raises(InvalidMailToken):
        CONFIRMATION.redeem(token)


@pytest.mark.parametrize(("ahead", "status"), [(1, 200), (8, 200), (15, 401)])
def test_token_from_a_clock_ahead_is_valid_within_the_leeway(user: User, ahead: int, status: int) -> None:
    with later(ahead):
        pair = session_create(user=user)
    assert get_me(pair.access).status_code == status
    body = {"refresh": pair.refresh}
    assert Client().post(reverse("v1:auth:token-refresh"), body).status_code == status
