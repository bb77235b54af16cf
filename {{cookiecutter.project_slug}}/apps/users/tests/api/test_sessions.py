"""Token lifecycle: login, refresh, verification and logout."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from apps.users.models import RefreshSession, User
from apps.users.services.sessions import TokenPair
from apps.users.tests.factories import PASSWORD, UserFactory
from apps.users.tests.helpers import (
    Response,
    assert_unauthorized,
    claims_of,
    fields_of,
    get_me,
    later,
    token_in,
)
from conftest import Client

pytestmark = pytest.mark.django_db

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


# Log in


def test_login_returns_a_token_pair(api: Client, user: User) -> None:
    response = log_in(api, user.email)
    assert response.status_code == 200
    assert "no-store" in response["Cache-Control"]
    pair = TokenPair(**response.json())
    me = get_me(pair.access)
    assert me.status_code == 200
    assert me.json()["email"] == user.email


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


def test_login_requires_an_email_and_a_password(api: Client) -> None:
    response = api.post(reverse("v1:auth:token"), {})
    assert fields_of(response) == {("email", "required"), ("password", "required")}


# Access tokens


def test_access_token_expires(user_api: Client, settings: Settings) -> None:
    me = reverse("v1:users:me")
    lifetime = settings.SIMPLE_JWT["ACCESS_TOKEN_LIFETIME"]
    with time_machine.travel(timezone.now() + lifetime - timedelta(seconds=5), tick=False):
        assert user_api.get(me).status_code == 200
    with time_machine.travel(timezone.now() + lifetime + LEEWAY + timedelta(seconds=5), tick=False):
        assert_unauthorized(user_api.get(me), "token_not_valid")


# Refresh


def test_refresh_token_is_exchanged_for_a_new_pair(api: Client, user: User) -> None:
    first = api.login_by_token(user)
    second = renewed(first.refresh)
    third = renewed(second.refresh)
    assert len({first.refresh, second.refresh, third.refresh}) == 3
    assert get_me(third.access).status_code == 200
    assert RefreshSession.objects.count() == 1


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


def test_previous_refresh_token_after_the_grace_period_ends_its_session(
    api: Client, user: User, settings: Settings
) -> None:
    first = api.login_by_token(user)
    second = renewed(first.refresh)
    with later(settings.REFRESH_GRACE_SECONDS + 1):
        assert_unauthorized(refresh(first.refresh), "token_not_valid")
    assert_unauthorized(refresh(second.refresh), "token_not_valid")
    assert_unauthorized(check(second.refresh), "token_not_valid")


def test_refresh_token_expires(api: Client, user: User, settings: Settings) -> None:
    pair = api.login_by_token(user)
    lifetime = settings.SIMPLE_JWT["REFRESH_TOKEN_LIFETIME"]
    with time_machine.travel(timezone.now() + lifetime + LEEWAY + timedelta(seconds=5), tick=False):
        assert_unauthorized(refresh(pair.refresh), "token_not_valid")
    with time_machine.travel(timezone.now() + lifetime - timedelta(seconds=5), tick=False):
        assert refresh(pair.refresh).status_code == 200


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


# Verify


def test_valid_tokens_are_verified_and_stay_valid(api: Client, user: User) -> None:
    pair = api.login_by_token(user)
    for token in (pair.access, pair.refresh, pair.refresh):
        response = check(token)
        assert (response.status_code, response.content) == (200, b"")
    assert refresh(pair.refresh).status_code == 200


# Log out


def test_logout_ends_the_session(api: Client, user: User) -> None:
    pair, other = api.login_by_token(user), Client().login_by_token(user)
    assert log_out(api, pair.refresh).status_code == 204
    assert_unauthorized(refresh(pair.refresh), "token_not_valid")
    assert_unauthorized(log_out(api, pair.refresh), "token_not_valid")
    assert refresh(other.refresh).status_code == 200


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


@pytest.mark.parametrize(
    "end", [end_by_logout_everywhere, end_by_password_change, end_by_password_reset, end_by_deletion]
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
