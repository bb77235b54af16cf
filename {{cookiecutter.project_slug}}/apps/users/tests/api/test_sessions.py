"""Token lifecycle: login, refresh, verification and logout."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import jwt
import pytest
import time_machine
from django.contrib.auth.hashers import MD5PasswordHasher
from django.core import mail
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings
from rest_framework_simplejwt.settings import api_settings

from apps.users.models import RefreshSession, User
from apps.users.services.accounts import user_deactivate
from apps.users.services.sessions import TokenPair
from apps.users.tests.factories import PASSWORD, UserFactory
from apps.users.tests.helpers import (
    Response,
    assert_unauthorized,
    at_once,
    claims_of,
    fields_of,
    get_me,
    later,
    token_in,
)
from conftest import Client

OTHER_PASSWORD = "quite another passphrase"
LEEWAY = timedelta(seconds=10)


def log_in(api: Client, email: str, password: str = PASSWORD) -> Response:
    return api.post(reverse("v1:auth:token"), {"email": email, "password": password})


def refresh(token: str) -> Response:
    return Client().post(reverse("v1:auth:token-refresh"), {"refresh": token})


def renewed(token: str) -> TokenPair:
    response = refresh(token)
    assert response.status_code == 200, response.content
    return TokenPair(**response.json())


def check(token: str) -> Response:
    return Client().post(reverse("v1:auth:token-verify"), {"token": token})


def log_out(api: Client, token: str) -> Response:
    return api.post(reverse("v1:auth:logout"), {"refresh": token})


def resigned(token: str, key: str, algorithm: str, **claims: Any) -> str:
    """Return the token with other claims, signed with another key."""
    payload = jwt.decode(token, options={"verify_signature": False})
    return jwt.encode(payload | claims, key, algorithm=algorithm)


# Log in


@pytest.mark.django_db
def test_login_returns_a_token_pair(api: Client, user: User) -> None:
    response = log_in(api, user.email)

    assert response.status_code == 200
    assert "no-store" in response["Cache-Control"]
    pair = TokenPair(**response.json())
    me = get_me(pair.access)
    assert me.status_code == 200
    assert me.json()["email"] == user.email


@pytest.mark.django_db
def test_login_accepts_email_in_any_case(api: Client) -> None:
    UserFactory.create(email="ada@example.com")

    assert log_in(api, " Ada@EXAMPLE.com ").status_code == 200


@pytest.mark.django_db
def test_login_does_not_trim_the_password(api: Client) -> None:
    user = UserFactory.create(password=f" {PASSWORD} ")

    assert log_in(api, user.email, f" {PASSWORD} ").status_code == 200
    assert log_in(api, user.email, PASSWORD).status_code == 401


@pytest.mark.django_db
def test_login_updates_last_login(api: Client, user: User) -> None:
    moment = timezone.now().replace(microsecond=0) + timedelta(hours=1)
    with time_machine.travel(moment, tick=False):
        log_in(api, user.email)

    user.refresh_from_db()
    assert user.last_login == moment


@pytest.mark.django_db
def test_failed_login_does_not_reveal_the_account(api: Client) -> None:
    UserFactory.create(email="known@example.com")
    UserFactory.create(email="unverified@example.com", email_verified_at=None)
    UserFactory.create(email="inactive@example.com", is_active=False)
    UserFactory.create(email="unusable@example.com", password=None)

    answers = []
    for email, password in (
        ("unknown@example.com", PASSWORD),
        ("known@example.com", OTHER_PASSWORD),
        ("unverified@example.com", PASSWORD),
        ("unverified@example.com", OTHER_PASSWORD),
        ("inactive@example.com", PASSWORD),
        ("unusable@example.com", PASSWORD),
    ):
        response = log_in(api, email, password)
        assert_unauthorized(response, "invalid_credentials")
        answers.append(response.json() | {"request_id": ""})
    assert all(answer == answers[0] for answer in answers)


@pytest.mark.django_db
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
    api: Client,
    monkeypatch: pytest.MonkeyPatch,
    email: str,
    fields: dict[str, Any] | None,
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


@pytest.mark.django_db
def test_login_requires_an_email_and_a_password(api: Client) -> None:
    response = api.post(reverse("v1:auth:token"), {})

    assert fields_of(response) == {("email", "required"), ("password", "required")}


# Access tokens


@pytest.mark.django_db
def test_access_token_expires(user_api: Client) -> None:
    me = reverse("v1:users:me")
    lifetime = api_settings.ACCESS_TOKEN_LIFETIME

    with time_machine.travel(timezone.now() + lifetime - timedelta(seconds=5), tick=False):
        assert user_api.get(me).status_code == 200
    with time_machine.travel(timezone.now() + lifetime + LEEWAY + timedelta(seconds=5), tick=False):
        assert_unauthorized(user_api.get(me), "token_not_valid")


@pytest.mark.django_db
def test_request_without_a_token_is_rejected(api: Client) -> None:
    assert_unauthorized(api.get(reverse("v1:users:me")), "not_authenticated")


@pytest.mark.django_db
@pytest.mark.parametrize("token", ["", "garbage", "a.b.c", "two words", "x" * 5000, "ä"])
def test_malformed_token_is_rejected(token: str) -> None:
    assert get_me(token).status_code == 401


@pytest.mark.django_db
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


@pytest.mark.django_db
def test_token_types_are_not_interchangeable(api: Client, user: User) -> None:
    pair = api.login_by_token(user)

    assert_unauthorized(get_me(pair.refresh), "token_not_valid")
    assert_unauthorized(refresh(pair.access), "token_not_valid")
    assert_unauthorized(log_out(api, pair.access), "token_not_valid")


@pytest.mark.django_db
def test_token_contains_no_personal_data(api: Client, user: User) -> None:
    pair = api.login_by_token(user)

    for token in (pair.access, pair.refresh):
        claims = jwt.decode(token, options={"verify_signature": False})
        assert claims["sub"] == str(user.pk)
        assert not {user.email, user.first_name, user.last_name, user.password} & set(
            map(str, claims.values())
        )


# Refresh


@pytest.mark.django_db
def test_refresh_token_is_exchanged_for_a_new_pair(api: Client, user: User) -> None:
    first = api.login_by_token(user)
    second = renewed(first.refresh)
    third = renewed(second.refresh)

    assert len({first.refresh, second.refresh, third.refresh}) == 3
    assert get_me(third.access).status_code == 200
    assert RefreshSession.objects.count() == 1


@pytest.mark.django_db
def test_previous_refresh_token_gets_the_same_successor_within_the_grace_period(
    api: Client, user: User, settings: Settings
) -> None:
    first = api.login_by_token(user)
    second = renewed(first.refresh)

    for seconds in (0, 1, settings.REFRESH_GRACE_SECONDS - 1):
        with later(seconds):
            again = renewed(first.refresh)
            assert again.refresh == second.refresh
            assert get_me(again.access).status_code == 200

    assert renewed(second.refresh).refresh != second.refresh


@pytest.mark.django_db
def test_previous_refresh_token_after_the_grace_period_ends_its_session(
    api: Client, user: User, settings: Settings
) -> None:
    first = api.login_by_token(user)
    second = renewed(first.refresh)

    with later(settings.REFRESH_GRACE_SECONDS + 1):
        assert_unauthorized(refresh(first.refresh), "token_not_valid")
    assert_unauthorized(refresh(second.refresh), "token_not_valid")
    assert_unauthorized(check(second.refresh), "token_not_valid")


@pytest.mark.django_db
def test_grace_period_of_a_token_is_not_extended_by_its_use(
    api: Client, user: User, settings: Settings
) -> None:
    first = api.login_by_token(user)
    renewed(first.refresh)

    with later(settings.REFRESH_GRACE_SECONDS - 1):
        renewed(first.refresh)
    with later(settings.REFRESH_GRACE_SECONDS + 1):
        assert_unauthorized(refresh(first.refresh), "token_not_valid")


@pytest.mark.django_db
def test_refresh_token_two_generations_old_ends_its_session_within_the_grace_period(
    api: Client, user: User
) -> None:
    first = api.login_by_token(user)
    third = renewed(renewed(first.refresh).refresh)

    assert_unauthorized(refresh(first.refresh), "token_not_valid")
    assert_unauthorized(refresh(third.refresh), "token_not_valid")


@pytest.mark.django_db
def test_previous_refresh_token_ends_its_session_without_a_grace_period(
    api: Client, user: User, settings: Settings
) -> None:
    settings.REFRESH_GRACE_SECONDS = 0
    first = api.login_by_token(user)
    second = renewed(first.refresh)

    assert_unauthorized(refresh(first.refresh), "token_not_valid")
    assert_unauthorized(refresh(second.refresh), "token_not_valid")


@pytest.mark.django_db
def test_previous_refresh_token_does_not_revive_an_ended_session(api: Client, user: User) -> None:
    first = api.login_by_token(user)
    second = renewed(first.refresh)
    log_out(api, second.refresh)

    assert_unauthorized(refresh(first.refresh), "token_not_valid")


@pytest.mark.django_db
def test_refresh_token_of_a_thief_ends_the_session_when_the_owner_refreshes(
    api: Client, user: User, settings: Settings
) -> None:
    stolen = api.login_by_token(user).refresh
    thief = renewed(renewed(stolen).refresh)

    assert_unauthorized(refresh(stolen), "token_not_valid")
    assert_unauthorized(refresh(thief.refresh), "token_not_valid")


@pytest.mark.django_db
def test_reuse_of_a_refresh_token_leaves_other_sessions_alone(
    api: Client, user: User, settings: Settings
) -> None:
    first, other = api.login_by_token(user), api.login_by_token(user)
    renewed(first.refresh)
    with later(settings.REFRESH_GRACE_SECONDS + 1):
        assert refresh(first.refresh).status_code == 401

    assert refresh(other.refresh).status_code == 200


@pytest.mark.django_db
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


@pytest.mark.django_db
def test_refresh_token_expires(api: Client, user: User) -> None:
    pair = api.login_by_token(user)
    lifetime = api_settings.REFRESH_TOKEN_LIFETIME

    with time_machine.travel(timezone.now() + lifetime + LEEWAY + timedelta(seconds=5), tick=False):
        assert_unauthorized(refresh(pair.refresh), "token_not_valid")
    with time_machine.travel(timezone.now() + lifetime - timedelta(seconds=5), tick=False):
        assert refresh(pair.refresh).status_code == 200


@pytest.mark.django_db
def test_session_in_use_is_extended(api: Client, user: User) -> None:
    pair = api.login_by_token(user)
    almost = api_settings.REFRESH_TOKEN_LIFETIME - timedelta(days=1)

    with time_machine.travel(timezone.now() + almost, tick=False):
        pair = renewed(pair.refresh)
    with time_machine.travel(timezone.now() + 2 * almost, tick=False):
        pair = renewed(pair.refresh)

    expiry = jwt.decode(pair.refresh, options={"verify_signature": False})["exp"]
    assert RefreshSession.objects.get().expires_at.timestamp() == expiry


@pytest.mark.django_db
def test_session_ends_after_its_lifetime_despite_refreshes(
    api: Client, user: User, settings: Settings
) -> None:
    settings.SESSION_LIFETIME = timedelta(days=30)
    pair = api.login_by_token(user)
    end = timezone.now() + settings.SESSION_LIFETIME

    for days in (10, 20, 29):
        with later(days * 86_400):
            pair = renewed(pair.refresh)
    with time_machine.travel(end - timedelta(minutes=1), tick=False):
        pair = renewed(pair.refresh)
        assert get_me(pair.access).status_code == 200

    for token in (pair.access, pair.refresh):
        assert claims_of(token)["exp"] <= end.timestamp()
    with time_machine.travel(end + timedelta(seconds=1), tick=False):
        assert_unauthorized(refresh(pair.refresh), "token_not_valid")
    with time_machine.travel(end + LEEWAY + timedelta(seconds=1), tick=False):
        assert get_me(pair.access).status_code == 401


@pytest.mark.django_db
def test_session_older_than_a_shortened_lifetime_is_not_refreshed(
    api: Client, user: User, settings: Settings
) -> None:
    pair = api.login_by_token(user)
    settings.SESSION_LIFETIME = timedelta(days=1)

    with later(2 * 86_400):
        assert_unauthorized(refresh(pair.refresh), "token_not_valid")


@pytest.mark.django_db
def test_refresh_keeps_the_time_of_the_login(api: Client, user: User) -> None:
    first = api.login_by_token(user)
    with later(3600):
        second = renewed(first.refresh)

    assert claims_of(second.access)["auth_time"] == claims_of(first.access)["auth_time"]
    assert claims_of(second.access)["iat"] > claims_of(first.access)["iat"]


def test_parallel_refreshes_with_one_token_get_the_same_successor(transactional_db: None) -> None:
    pair = Client().login_by_token(UserFactory.create())

    responses = at_once(lambda: refresh(pair.refresh) for _ in range(20))

    assert {response.status_code for response in responses} == {200}
    (successor,) = {response.json()["refresh"] for response in responses}
    assert successor != pair.refresh
    for response in responses:
        assert get_me(response.json()["access"]).status_code == 200
    assert refresh(successor).status_code == 200


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


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("body", "code"),
    [({}, "required"), ({"refresh": ""}, "blank"), ({"refresh": "x" * 4097}, "max_length")],
)
def test_refresh_requires_a_token(api: Client, body: dict[str, str], code: str) -> None:
    assert fields_of(api.post(reverse("v1:auth:token-refresh"), body)) == {("refresh", code)}


# Verify


@pytest.mark.django_db
def test_valid_tokens_are_verified_and_stay_valid(api: Client, user: User) -> None:
    pair = api.login_by_token(user)

    for token in (pair.access, pair.refresh, pair.refresh):
        response = check(token)
        assert (response.status_code, response.content) == (200, b"")
    assert refresh(pair.refresh).status_code == 200


@pytest.mark.django_db
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


@pytest.mark.django_db
@pytest.mark.parametrize("token", ["garbage", "a.b.c", "ä", "x" * 4096])
def test_malformed_token_is_neither_verified_nor_refreshed(token: str) -> None:
    assert_unauthorized(check(token), "token_not_valid")
    assert_unauthorized(refresh(token), "token_not_valid")


# Log out


@pytest.mark.django_db
def test_logout_ends_the_session(api: Client, user: User) -> None:
    pair, other = api.login_by_token(user), Client().login_by_token(user)

    assert log_out(api, pair.refresh).status_code == 204
    assert_unauthorized(refresh(pair.refresh), "token_not_valid")
    assert_unauthorized(log_out(api, pair.refresh), "token_not_valid")
    assert refresh(other.refresh).status_code == 200


@pytest.mark.django_db
def test_logout_with_a_used_token_ends_the_session(api: Client, user: User) -> None:
    first = api.login_by_token(user)
    second = renewed(first.refresh)

    assert log_out(api, first.refresh).status_code == 204
    assert_unauthorized(refresh(second.refresh), "token_not_valid")


@pytest.mark.django_db
def test_logout_rejects_token_of_another_user(user_api: Client) -> None:
    other = Client().login_by_token(UserFactory.create())

    assert_unauthorized(log_out(user_api, other.refresh), "token_not_valid")
    assert refresh(other.refresh).status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["logout", "logout-all", "password-change"])
def test_logout_requires_a_login(api: Client, name: str) -> None:
    assert_unauthorized(api.post(reverse(f"v1:auth:{name}"), {}), "not_authenticated")


# Events that end all sessions


def end_by_logout_everywhere(api: Client, user: User) -> Response:
    return api.post(reverse("v1:auth:logout-all"))


def end_by_password_change(api: Client, user: User) -> Response:
    body = {"current_password": PASSWORD, "new_password": OTHER_PASSWORD}
    return api.post(reverse("v1:auth:password-change"), body)


def end_by_password_reset(api: Client, user: User) -> Response:
    api.post(reverse("v1:auth:password-reset"), {"email": user.email})
    body = {"token": token_in(mail.outbox[-1]), "new_password": OTHER_PASSWORD}
    return api.post(reverse("v1:auth:password-reset-confirm"), body)


def end_by_deletion(api: Client, user: User) -> Response:
    return api.delete(reverse("v1:users:me"))


@pytest.mark.django_db
@pytest.mark.parametrize(
    "end",
    [end_by_logout_everywhere, end_by_password_change, end_by_password_reset, end_by_deletion],
)
def test_all_tokens_are_invalid_immediately(end: Callable[[Client, User], Response]) -> None:
    user, bystander = UserFactory.create(), UserFactory.create()
    api = Client()
    pairs = [Client().login_by_token(user), api.login_by_token(user)]
    bystanders = Client().login_by_token(bystander)

    assert end(api, user).status_code == 204

    for pair in pairs:
        assert get_me(pair.access).status_code == 401
        for token in (pair.access, pair.refresh):
            assert_unauthorized(check(token), "token_not_valid")
        assert_unauthorized(refresh(pair.refresh), "token_not_valid")
    assert not user.refresh_sessions.exists()
    assert get_me(bystanders.access).status_code == 200
    assert refresh(bystanders.refresh).status_code == 200


@pytest.mark.django_db
def test_login_works_after_logout_everywhere(user_api: Client, user: User) -> None:
    end_by_logout_everywhere(user_api, user)

    assert get_me(user_api.login_by_token(user).access).status_code == 200


@pytest.mark.django_db
def test_tokens_stay_invalid_after_reactivation(api: Client, user: User) -> None:
    pair = api.login_by_token(user)
    user_deactivate(user=user)
    assert get_me(pair.access).status_code == 401
    assert refresh(pair.refresh).status_code == 401

    User.objects.update(is_active=True)

    assert_unauthorized(get_me(pair.access), "session_ended")
    assert_unauthorized(refresh(pair.refresh), "token_not_valid")
    assert log_in(api, user.email).status_code == 200


@pytest.mark.django_db
def test_tokens_are_invalid_when_is_active_is_cleared_directly(api: Client, user: User) -> None:
    pair = api.login_by_token(user)
    User.objects.update(is_active=False)

    assert get_me(pair.access).status_code == 401
    assert_unauthorized(refresh(pair.refresh), "token_not_valid")


@pytest.mark.django_db
def test_tokens_of_deleted_user_are_invalid(api: Client, user: User) -> None:
    pair = api.login_by_token(user)
    user.delete()

    assert get_me(pair.access).status_code == 401
    assert_unauthorized(refresh(pair.refresh), "token_not_valid")
