"""Token tests without HTTP; others are in `api/test_registration.py` and `api/test_passwords.py`."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine

from apps.users.exceptions import InvalidMailToken
from apps.users.models import User
from apps.users.tokens import PASSWORD_RESET, MailToken

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


@pytest.mark.parametrize(("minutes", "valid"), [(59, True), (61, False)])
def test_mail_token_lifetime_ignores_daylight_saving_time(user: User, minutes: int, *, valid: bool) -> None:
    # The clock goes forward by an hour at two. The time zone becomes that of the process.
    night = datetime(2030, 3, 31, 1, 30, tzinfo=ZoneInfo("Europe/Berlin"))
    with time_machine.travel(night, tick=False) as clock:
        token = PASSWORD_RESET.make(user)
        clock.shift(timedelta(minutes=minutes))
        assert PASSWORD_RESET.check_token(user, token.partition(".")[2]) is valid


def test_mail_token_contains_neither_email_nor_password(user: User) -> None:
    payload = CONFIRMATION.make(user)
    assert user.email not in payload
    assert user.password not in payload


def test_mail_token_is_invalid_after_logout_everywhere(user: User) -> None:
    token = CONFIRMATION.make(user)
    User.objects.update(session_epoch=user.session_epoch + 1)
    with pytest.raises(InvalidMailToken):
        CONFIRMATION.redeem(token)
