"""Reauthentication with all kinds of bodies and clients."""

import pytest
from django.urls import reverse
from pytest_django import Settings

from apps.users.models import RefreshSession, User
from apps.users.tests.api.test_reauthentication import (
    Send,
    assert_reauthentication_required,
    every_request,
    with_body,
)
from apps.users.tests.factories import PASSWORD
from apps.users.tests.helpers import problem_of
from conftest import Client


def test_wrong_passwords_from_many_networks_reach_the_account_limit(
    user_api: Client, user: User, settings: Settings
) -> None:
    settings.THROTTLE_RATES = settings.THROTTLE_RATES | {"account": "2/hour"}
    statuses = [
        user_api.delete(
            reverse("v1:users:me"), {"current_password": "wrong"}, REMOTE_ADDR=f"192.0.2.{number}"
        ).status_code
        for number in range(1, 5)
    ]
    assert statuses == [400, 400, 429, 429]


@pytest.mark.parametrize("body", [[], "text", {"current_password": []}, {"current_password": None}])
def test_body_without_valid_password_is_rejected(user_api: Client, user: User, body: object) -> None:
    assert user_api.delete(reverse("v1:users:me"), body).status_code == 400
    user.refresh_from_db()
    assert user.deleted_at is None


@with_body
def test_wrong_passwords_count_as_failed_logins(
    user_api: Client, user: User, settings: Settings, send: Send
) -> None:
    settings.AXES_FAILURE_LIMIT = 3
    statuses = [send(user_api, user, current_password="wrong").status_code for _ in range(3)]
    assert statuses == [400, 400, 429]
    locked = send(user_api, user, current_password=PASSWORD)
    assert problem_of(locked, 429)["type"] == "urn:problem:locked_out"
    login = Client().post(reverse("v1:auth:token"), {"email": user.email, "password": PASSWORD})
    assert login.status_code == 429


@every_request
def test_token_of_an_ended_session_is_not_a_recent_login(user_api: Client, user: User, send: Send) -> None:
    RefreshSession.objects.update(revoked_at=user.created_at)
    assert_reauthentication_required(send(user_api, user))
