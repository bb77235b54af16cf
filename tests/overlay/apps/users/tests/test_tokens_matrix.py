"""JSON Web Tokens of other environments and clocks."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.conf import settings as project_settings
from django.urls import reverse
from pytest_django import Settings

from apps.users.exceptions import InvalidMailToken
from apps.users.models import User
from apps.users.services.sessions import session_create
from apps.users.tests.helpers import claims_of, get_me, later
from apps.users.tokens import PASSWORD_RESET, MailToken
from conftest import Client

CONFIRMATION, INVITATION = MailToken(), MailToken()
CONFIRMATION.key_salt, INVITATION.key_salt = "tests.confirmation", "tests.invitation"


@pytest.mark.parametrize(("late", "status"), [(5, 200), (15, 401)])
def test_expired_token_is_valid_within_the_leeway(user: User, late: int, status: int) -> None:
    pair = session_create(user=user)
    with later(claims_of(pair.access)["exp"] - claims_of(pair.access)["iat"] + late):
        assert get_me(pair.access).status_code == status


@pytest.mark.parametrize(("name", "claim"), [("ISSUER", "iss"), ("AUDIENCE", "aud")])
def test_token_of_another_environment_is_rejected_despite_same_key(
    user: User, settings: Settings, name: str, claim: str
) -> None:
    settings.SIMPLE_JWT = {**project_settings.SIMPLE_JWT, name: "https://staging.example.com"}
    staging = session_create(user=user)
    assert (
        claims_of(staging.access)[claim] == claims_of(staging.refresh)[claim] == "https://staging.example.com"
    )
    assert get_me(staging.access).status_code == 200
    settings.SIMPLE_JWT = {**project_settings.SIMPLE_JWT, name: "https://example.com"}
    assert get_me(staging.access).status_code == 401
    for path, field in (("token-refresh", "refresh"), ("token-verify", "token")):
        response = Client().post(reverse(f"v1:auth:{path}"), {field: staging.refresh})
        assert response.status_code == 401
    assert get_me(session_create(user=user).access).status_code == 200


@pytest.mark.parametrize(("ahead", "status"), [(1, 200), (8, 200), (15, 401)])
def test_token_from_a_clock_ahead_is_valid_within_the_leeway(user: User, ahead: int, status: int) -> None:
    with later(ahead):
        pair = session_create(user=user)
    assert get_me(pair.access).status_code == status
    body = {"refresh": pair.refresh}
    assert Client().post(reverse("v1:auth:token-refresh"), body).status_code == status


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


def test_mail_token_is_redeemed_for_its_user(user: User) -> None:
    assert CONFIRMATION.redeem(CONFIRMATION.make(user)) == user


@pytest.mark.parametrize("position", [0, 20, 30, -1])
def test_tampered_mail_token_is_invalid(user: User, position: int) -> None:
    token = list(CONFIRMATION.make(user))
    token[position] = "a" if token[position] != "a" else "b"
    with pytest.raises(InvalidMailToken):
        CONFIRMATION.redeem("".join(token))
