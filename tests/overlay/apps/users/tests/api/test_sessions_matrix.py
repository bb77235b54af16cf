"""Token lifecycle: rare orders of requests."""

from datetime import timedelta
from typing import Any

import jwt
import pytest
import time_machine
from django.contrib.auth.hashers import MD5PasswordHasher
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from apps.users.models import RefreshSession, User
from apps.users.services.accounts import user_deactivate
from apps.users.tests.api.test_sessions import (
    OTHER_PASSWORD,
    check,
    log_in,
    log_out,
    refresh,
    renewed,
)
from apps.users.tests.factories import PASSWORD, UserFactory
from apps.users.tests.helpers import (
    assert_unauthorized,
    at_once,
    claims_of,
    fields_of,
    get_me,
    later,
)
from conftest import Client

pytestmark = pytest.mark.django_db


def resigned(token: str, key: str, algorithm: str, **claims: Any) -> str:
    """Return the token with other claims, signed with another key."""
    payload = jwt.decode(token, options={"verify_signature": False})
    return jwt.encode(payload | claims, key, algorithm=algorithm)


@pytest.mark.parametrize("token", ["", "garbage", "a.b.c", "two words", "x" * 5000, "ä"])
def test_malformed_token_is_rejected(token: str) -> None:
    assert get_me(token).status_code == 401


def test_grace_period_of_a_token_is_not_extended_by_its_use(
    api: Client, user: User, settings: Settings
) -> None:
    first = api.login_by_token(user)
    renewed(first.refresh)
    with later(settings.REFRESH_GRACE_SECONDS - 1):
        renewed(first.refresh)
    with later(settings.REFRESH_GRACE_SECONDS + 1):
        assert_unauthorized(refresh(first.refresh), "token_not_valid")


def test_previous_refresh_token_ends_its_session_without_a_grace_period(
    api: Client, user: User, settings: Settings
) -> None:
    settings.REFRESH_GRACE_SECONDS = 0
    first = api.login_by_token(user)
    second = renewed(first.refresh)
    assert_unauthorized(refresh(first.refresh), "token_not_valid")
    assert_unauthorized(refresh(second.refresh), "token_not_valid")


def test_previous_refresh_token_does_not_revive_an_ended_session(api: Client, user: User) -> None:
    first = api.login_by_token(user)
    second = renewed(first.refresh)
    log_out(api, second.refresh)
    assert_unauthorized(refresh(first.refresh), "token_not_valid")


def test_refresh_token_of_a_thief_ends_the_session_when_the_owner_refreshes(
    api: Client, user: User, settings: Settings
) -> None:
    stolen = api.login_by_token(user).refresh
    thief = renewed(renewed(stolen).refresh)
    assert_unauthorized(refresh(stolen), "token_not_valid")
    assert_unauthorized(refresh(thief.refresh), "token_not_valid")


def test_session_in_use_is_extended(api: Client, user: User, settings: Settings) -> None:
    pair = api.login_by_token(user)
    almost = settings.SIMPLE_JWT["REFRESH_TOKEN_LIFETIME"] - timedelta(days=1)
    with time_machine.travel(timezone.now() + almost, tick=False):
        pair = renewed(pair.refresh)
    with time_machine.travel(timezone.now() + 2 * almost, tick=False):
        pair = renewed(pair.refresh)
    expiry = jwt.decode(pair.refresh, options={"verify_signature": False})["exp"]
    assert RefreshSession.objects.get().expires_at.timestamp() == expiry


def test_session_older_than_a_shortened_lifetime_is_not_refreshed(
    api: Client, user: User, settings: Settings
) -> None:
    pair = api.login_by_token(user)
    settings.SESSION_LIFETIME = timedelta(days=1)
    with later(2 * 86_400):
        assert_unauthorized(refresh(pair.refresh), "token_not_valid")


def test_parallel_refreshes_with_one_token_end_the_session_without_a_grace_period(
    transactional_db: None, settings: Settings
) -> None:
    settings.REFRESH_GRACE_SECONDS = 0
    pair = Client().login_by_token(UserFactory.create())
    responses = at_once(lambda: refresh(pair.refresh) for _ in range(4))
    # There is no winner if another request has revoked the session before the response of the first one.
    winners = [response for response in responses if response.status_code == 200]
    assert len(winners) <= 1
    assert RefreshSession.objects.get().revoked_at
    for response in winners:
        assert_unauthorized(refresh(response.json()["refresh"]), "token_not_valid")


@pytest.mark.parametrize(
    ("body", "code"), [({}, "required"), ({"refresh": ""}, "blank"), ({"refresh": "x" * 4097}, "max_length")]
)
def test_refresh_requires_a_token(api: Client, body: dict[str, str], code: str) -> None:
    assert fields_of(api.post(reverse("v1:auth:token-refresh"), body)) == {("refresh", code)}


@pytest.mark.parametrize("token", ["garbage", "a.b.c", "ä", "x" * 4096])
def test_malformed_token_is_neither_verified_nor_refreshed(token: str) -> None:
    assert_unauthorized(check(token), "token_not_valid")
    assert_unauthorized(refresh(token), "token_not_valid")


def test_tokens_stay_invalid_after_reactivation(api: Client, user: User) -> None:
    pair = api.login_by_token(user)
    user_deactivate(user=user)
    assert get_me(pair.access).status_code == 401
    assert refresh(pair.refresh).status_code == 401
    User.objects.update(is_active=True)
    assert_unauthorized(get_me(pair.access), "session_ended")
    assert_unauthorized(refresh(pair.refresh), "token_not_valid")
    assert log_in(api, user.email).status_code == 200


def test_tokens_are_invalid_when_is_active_is_cleared_directly(api: Client, user: User) -> None:
    pair = api.login_by_token(user)
    User.objects.update(is_active=False)
    assert get_me(pair.access).status_code == 401
    assert_unauthorized(refresh(pair.refresh), "token_not_valid")


@pytest.mark.parametrize(
    ("email", "fields"),
    [
        ("unknown@example.com", None),
        ("ada@example.com", {}),
        ("ada@example.com", {"email_verified_at": None}),
        ("ada@example.com", {"is_active": False}),
    ],
)
def test_failed_login_always_hashes_one_password(
    api: Client, monkeypatch: pytest.MonkeyPatch, email: str, fields: dict[str, Any] | None
) -> None:
    if fields is not None:
        UserFactory.create(email=email, **fields)
    hashed: list[str] = []
    encode = MD5PasswordHasher.encode

    def count(hasher: MD5PasswordHasher, password: str, salt: str) -> str:
        hashed.append(password)
        return encode(hasher, password, salt)

    monkeypatch.setattr(MD5PasswordHasher, "encode", count)
    assert log_in(api, email, OTHER_PASSWORD).status_code == 401

    assert hashed == [OTHER_PASSWORD]


def test_login_works_after_logout_everywhere(user_api: Client, user: User) -> None:
    user_api.post(reverse("v1:auth:logout-all"))
    assert get_me(user_api.login_by_token(user).access).status_code == 200


def test_tokens_of_deleted_user_are_invalid(api: Client, user: User) -> None:
    pair = api.login_by_token(user)
    user.delete()
    assert get_me(pair.access).status_code == 401
    assert_unauthorized(refresh(pair.refresh), "token_not_valid")


def test_login_does_not_trim_the_password(api: Client) -> None:
    user = UserFactory.create(password=f" {PASSWORD} ")
    assert log_in(api, user.email, f" {PASSWORD} ").status_code == 200
    assert log_in(api, user.email, PASSWORD).status_code == 401


def test_token_contains_no_personal_data(api: Client, user: User) -> None:
    pair = api.login_by_token(user)
    for token in (pair.access, pair.refresh):
        claims = jwt.decode(token, options={"verify_signature": False})
        assert claims["sub"] == str(user.pk)
        assert not {user.email, user.first_name, user.last_name, user.password} & set(
            map(str, claims.values())
        )


def test_reuse_of_a_refresh_token_leaves_other_sessions_alone(
    api: Client, user: User, settings: Settings
) -> None:
    first, other = api.login_by_token(user), api.login_by_token(user)
    renewed(first.refresh)
    with later(settings.REFRESH_GRACE_SECONDS + 1):
        assert refresh(first.refresh).status_code == 401
    assert refresh(other.refresh).status_code == 200


def test_previous_refresh_token_is_verified_in_the_grace_period_only(api: Client, user: User) -> None:
    """Prevents a thief from detecting the rotation and then using the grace period."""
    first = api.login_by_token(user)
    second = renewed(first.refresh)
    assert check(first.refresh).status_code == 200
    with time_machine.travel(timezone.now() + timedelta(seconds=31)):
        assert_unauthorized(check(first.refresh), "token_not_valid")
        assert check(second.refresh).status_code == 200
    third = renewed(second.refresh)
    assert_unauthorized(check(first.refresh), "token_not_valid")
    assert check(third.refresh).status_code == 200


def test_logout_with_a_used_token_ends_the_session(api: Client, user: User) -> None:
    first = api.login_by_token(user)
    second = renewed(first.refresh)
    assert log_out(api, first.refresh).status_code == 204
    assert_unauthorized(refresh(second.refresh), "token_not_valid")


def test_refresh_token_two_generations_old_ends_its_session_within_the_grace_period(
    api: Client, user: User
) -> None:
    first = api.login_by_token(user)
    third = renewed(renewed(first.refresh).refresh)
    assert_unauthorized(refresh(first.refresh), "token_not_valid")
    assert_unauthorized(refresh(third.refresh), "token_not_valid")


def test_reuse_of_a_refresh_token_is_logged_without_it(
    api: Client, user: User, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.REFRESH_GRACE_SECONDS = 0
    pair = api.login_by_token(user)
    renewed(pair.refresh)
    caplog.clear()
    refresh(pair.refresh)
    refresh(pair.refresh)
    warnings = [record for record in caplog.records if "refresh_token_reused" in record.getMessage()]
    assert len(warnings) == 1
    assert str(user.pk) in warnings[0].getMessage()
    assert pair.refresh not in caplog.text
    assert user.email not in caplog.text


def test_refresh_keeps_the_time_of_the_login(api: Client, user: User) -> None:
    first = api.login_by_token(user)
    with later(3600):
        second = renewed(first.refresh)
    assert claims_of(second.access)["auth_time"] == claims_of(first.access)["auth_time"]
    assert claims_of(second.access)["iat"] > claims_of(first.access)["iat"]


def test_logout_rejects_token_of_another_user(user_api: Client) -> None:
    other = Client().login_by_token(UserFactory.create())
    assert_unauthorized(log_out(user_api, other.refresh), "token_not_valid")
    assert refresh(other.refresh).status_code == 200


def test_login_accepts_email_in_any_case(api: Client) -> None:
    UserFactory.create(email="ada@example.com")
    assert log_in(api, " Ada@EXAMPLE.com ").status_code == 200


def test_login_updates_last_login(api: Client, user: User) -> None:
    moment = timezone.now().replace(microsecond=0) + timedelta(hours=1)
    with time_machine.travel(moment, tick=False):
        log_in(api, user.email)
    user.refresh_from_db()
    assert user.last_login == moment


def test_token_signed_with_another_key_is_rejected(api: Client, user: User) -> None:
    pair = api.login_by_token(user)
    forged_access = [
        resigned(pair.access, "k" * 64, "HS256"),
        resigned(pair.access, "", "none"),
        resigned(pair.access, "", "none", sub=str(UserFactory.create().pk)),
    ]
    forged_refresh = [resigned(pair.refresh, "k" * 64, "HS256"), resigned(pair.refresh, "", "none")]

    for token in forged_access:
        assert_unauthorized(get_me(token), "token_not_valid")
        assert_unauthorized(check(token), "token_not_valid")
    for token in forged_refresh:
        assert_unauthorized(refresh(token), "token_not_valid")
        assert_unauthorized(check(token), "token_not_valid")
        assert_unauthorized(log_out(api, token), "token_not_valid")
    assert refresh(pair.refresh).status_code == 200


def test_token_types_are_not_interchangeable(api: Client, user: User) -> None:
    pair = api.login_by_token(user)
    assert_unauthorized(get_me(pair.refresh), "token_not_valid")
    assert_unauthorized(refresh(pair.access), "token_not_valid")
    assert_unauthorized(log_out(api, pair.access), "token_not_valid")


def test_parallel_refreshes_with_one_token_get_the_same_successor(transactional_db: None) -> None:
    pair = Client().login_by_token(UserFactory.create())
    responses = at_once(lambda: refresh(pair.refresh) for _ in range(20))
    assert {response.status_code for response in responses} == {200}
    (successor,) = {response.json()["refresh"] for response in responses}
    assert successor != pair.refresh
    for response in responses:
        assert get_me(response.json()["access"]).status_code == 200
    assert refresh(successor).status_code == 200
