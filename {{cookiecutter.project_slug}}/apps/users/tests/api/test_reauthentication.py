"""Reauthentication: sensitive requests require a recent login or the current password."""

from collections.abc import Callable

import pytest
from django.urls import reverse
from pytest_django import Settings

from apps.users.models import RefreshSession, User
from apps.users.tests.factories import PASSWORD, RefreshSessionFactory
from apps.users.tests.helpers import Response, fields_of, later, problem_of
from conftest import Client

Send = Callable[..., Response]


def delete_account(api: Client, user: User, **body: str) -> Response:
    return api.delete(reverse("v1:users:me"), body)


def change_email(api: Client, user: User, **body: str) -> Response:
    return api.post(reverse("v1:auth:email-change"), {"new_email": "new@example.com", **body})


def end_other_session(api: Client, user: User, **body: str) -> Response:
    other = RefreshSessionFactory.create(user=user)
    return api.delete(reverse("v1:auth:session-detail", args=[other.pk]), body)


def export(api: Client, user: User, **body: str) -> Response:
    return api.get(reverse("v1:users:export"))


with_body = pytest.mark.parametrize("send", [delete_account, change_email, end_other_session])
every_request = pytest.mark.parametrize("send", [delete_account, change_email, end_other_session, export])


def log_in_long_ago(api: Client, user: User, settings: Settings) -> None:
    """Log in, and refresh the token when the login is no longer recent."""
    with later(-settings.RECENT_LOGIN_SECONDS - 60):
        pair = api.login_by_token(user)
    refreshed = api.post(reverse("v1:auth:token-refresh"), {"refresh": pair.refresh}).json()
    api.credentials(HTTP_AUTHORIZATION=f"Bearer {refreshed['access']}")


def assert_reauthentication_required(response: Response) -> None:
    assert problem_of(response, 403)["type"] == "urn:problem:reauthentication_required"


@every_request
def test_request_after_a_recent_login_needs_no_password(
    api: Client, user: User, settings: Settings, send: Send
) -> None:
    pair = api.login_by_token(user)
    with later(settings.RECENT_LOGIN_SECONDS - 30):
        refreshed = api.post(reverse("v1:auth:token-refresh"), {"refresh": pair.refresh}).json()
        api.credentials(HTTP_AUTHORIZATION=f"Bearer {refreshed['access']}")
        assert send(api, user).status_code in {200, 202, 204}


@every_request
def test_request_after_an_old_login_is_rejected(
    api: Client, user: User, settings: Settings, send: Send
) -> None:
    log_in_long_ago(api, user, settings)
    assert_reauthentication_required(send(api, user))
    user.refresh_from_db()
    assert user.deleted_at is None
    assert user.new_email == ""
    assert not RefreshSession.objects.exclude(revoked_at=None).exists()


@with_body
def test_request_after_an_old_login_passes_with_the_current_password(
    api: Client, user: User, settings: Settings, send: Send
) -> None:
    log_in_long_ago(api, user, settings)
    assert send(api, user, current_password=PASSWORD).status_code in {202, 204}


@with_body
def test_request_with_wrong_password_is_rejected_after_recent_login(
    user_api: Client, user: User, send: Send
) -> None:
    response = send(user_api, user, current_password="wrong")
    assert fields_of(response) == {("current_password", "wrong_password")}
    user.refresh_from_db()
    assert user.deleted_at is None
